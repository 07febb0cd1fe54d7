// What a role is called: the built-in ones in the reader's language.
import { t } from '../lib/i18n'
import type { Role } from '../lib/types'

export function roleName(role: Pick<Role, 'key' | 'name'>): string {
  switch (role.key) {
    case 'owner':
      return t('role.owner')
    case 'admin':
      return t('role.admin')
    case 'supervisor':
      return t('role.supervisor')
    case 'agent':
      return t('role.agent')
    case 'viewer':
      return t('role.viewer')
    default:
      return role.name
  }
}
