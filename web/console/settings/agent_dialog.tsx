// One agent: invited with a link, or changed: name, role, teams, and what the role is narrowed to.
import { useSignal, type Signal } from '@preact/signals'
import { Button, Dialog, Field, Words } from '../ui/parts'
import { patch, post } from '../lib/api'
import { dateTime } from '../lib/format'
import { t } from '../lib/i18n'
import { uuid } from '../lib/ids'
import type { Agent, Grant, Role } from '../lib/types'
import { refreshPeople } from '../state/reference'
import { myId, teams } from '../state/store'
import { Code, FormError, useSaving, type Saving } from './common'
import { GrantChoice } from './grants'
import { roleName } from './role_name'
import type { AgentInvited, LinkMade } from '../../shared/api/types'

function TeamChoice({ chosen, onChange }: { chosen: readonly string[]; onChange: (ids: string[]) => void }) {
  if (!teams.value.length) return null
  return (
    <fieldset class="choices">
      <legend>{t('settings.teams')}</legend>
      {teams.value.map((one) => (
        <label key={one.id}>
          <input type="checkbox" checked={chosen.includes(one.id)} onChange={(event) => onChange(event.currentTarget.checked ? [...chosen, one.id] : chosen.filter((id) => id !== one.id))} />
          <Words text={one.name} />
        </label>
      ))}
    </fieldset>
  )
}

export function LinkShown({ link, email }: { link: LinkMade; email: string }) {
  return (
    <div class="secret" role="status">
      <strong>{t('agents.link_for', { email })}</strong>
      {link.is_mailed ? <p>{t('agents.link_mailed', { email })}</p> : null}
      <p>{t('agents.link_hint', { time: dateTime(link.expires_at) })}</p>
      <Code text={link.url} label={t('agents.link_for', { email })} />
    </div>
  )
}

interface Fields { email: Signal<string>; name: Signal<string>; role: Signal<string>; chosen: Signal<string[]>; grants: Signal<Grant[] | null> }

function AgentFields({ fields, agent, roles, saving }: { fields: Fields; agent: Agent | null; roles: readonly Role[]; saving: Saving }) {
  const { email, name, role, chosen, grants } = fields
  const isMe = agent?.id === myId.value
  return (
    <>
      {agent ? null : <Field label={t('door.email')} error={saving.field.value === 'email' ? saving.error.value : null}>{(props) => <input {...props} type="email" required dir="ltr" autofocus value={email} onInput={(event) => void (email.value = event.currentTarget.value)} />}</Field>}
      <Field label={t('profile.name')}>{(props) => <input {...props} type="text" dir="auto" maxLength={120} required={agent !== null} value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}</Field>
      <Field label={t('agents.role')}>{(props) => <select {...props} disabled={isMe} value={role.value} onChange={(event) => void (role.value = event.currentTarget.value)}>{roles.map((one) => <option key={one.key} value={one.key}>{roleName(one)}</option>)}</select>}</Field>
      <TeamChoice chosen={chosen.value} onChange={(ids) => void (chosen.value = ids)} />
      {role.value === 'owner' ? <p class="field-hint">{t('grants.owner')}</p> : <GrantChoice grants={grants.value} onChange={(next) => void (grants.value = next)} isFixed={isMe} />}
      {saving.field.value === 'email' ? null : <FormError saving={saving} />}
    </>
  )
}

/** What is sent: one's own role and scope are others' to change. */
function bodyOf({ email, name, role, chosen, grants }: Fields, agent: Agent | null): Record<string, unknown> {
  const scope = role.value === 'owner' ? [] : (grants.value ?? [])
  if (!agent) return { email: email.value.trim(), ...(name.value.trim() ? { name: name.value.trim() } : {}), role: role.value, team_ids: chosen.value, grants: scope }
  return { name: name.value.trim(), team_ids: chosen.value, ...(agent.id === myId.peek() ? {} : { role: role.value, grants: scope }) }
}

export function AgentDialog({ agent, roles, onClose }: { agent: Agent | null; roles: readonly Role[]; onClose: () => void }) {
  const saving = useSaving()
  const fields: Fields = {
    email: useSignal(agent?.email ?? ''),
    name: useSignal(agent?.name ?? ''),
    role: useSignal(agent?.role ?? 'agent'),
    chosen: useSignal<string[]>(agent?.team_ids ?? []),
    grants: useSignal<Grant[] | null>(agent?.grants?.length ? agent.grants : null),
  }
  const link = useSignal<LinkMade | null>(null)
  const key = useSignal(uuid())
  const submit = async (): Promise<void> => {
    const body = bodyOf(fields, agent)
    const ok = await saving.save(async () => {
      if (agent) await patch('/agents/' + agent.id, body)
      else link.value = (await post<AgentInvited>('/agents', body, key.value)).link
      refreshPeople()
    }, agent ? t('done.saved') : t('agents.invited'))
    key.value = uuid()
    if (ok && agent) onClose()
  }
  // Narrowed to nothing would be the whole account to the server: not what anybody means.
  const isUnclear = fields.grants.value?.length === 0 && fields.role.value !== 'owner'
  const title = agent ? t('agents.edit', { name: agent.name }) : t('agents.invite')
  return (
    <Dialog label={title} onClose={onClose} class="dialog-small">
      <h2>{title}</h2>
      {link.value ? (
        <>
          <LinkShown link={link.value} email={fields.email.value} />
          <div class="dialog-actions"><Button tone="primary" onClick={onClose}>{t('common.done')}</Button></div>
        </>
      ) : (
        <form onSubmit={(event) => { event.preventDefault(); void submit() }}>
          <AgentFields fields={fields} agent={agent} roles={roles} saving={saving} />
          <div class="dialog-actions">
            <Button onClick={onClose}>{t('common.cancel')}</Button>
            <Button type="submit" tone="primary" disabled={saving.isBusy.value || isUnclear}>{agent ? t('common.save') : t('agents.invite_action')}</Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}
