// What an agent's role is narrowed to: everything, or chosen teams and channels.
import { Words } from '../ui/parts'
import { t } from '../lib/i18n'
import type { Agent, Grant } from '../lib/types'
import { channels, teams } from '../state/store'

const has = (grants: readonly Grant[], scope: Grant['scope'], id: string): boolean => grants.some((one) => one.scope === scope && one.id === id)

/** Null: the role covers the whole account. */
export function GrantChoice({ grants, onChange, isFixed }: { grants: readonly Grant[] | null; onChange: (next: Grant[] | null) => void; isFixed: boolean }) {
  const places = [
    ...teams.value.map((one) => ({ scope: 'team' as const, id: one.id, name: one.name })),
    ...channels.value.map((one) => ({ scope: 'channel' as const, id: one.id, name: one.name })),
  ]
  const toggle = (scope: Grant['scope'], id: string, isOn: boolean): void => {
    const rest = (grants ?? []).filter((one) => one.scope !== scope || one.id !== id)
    onChange(isOn ? [...rest, { scope, id }] : rest)
  }
  return (
    <fieldset class="choices choices-column grants" disabled={isFixed}>
      <legend>{t('grants.title')}</legend>
      <label><input type="radio" name="grants" checked={grants === null} onChange={() => onChange(null)} />{t('grants.all')}</label>
      <label><input type="radio" name="grants" checked={grants !== null} onChange={() => onChange([])} />{t('grants.some')}</label>
      {grants === null ? null : (
        <div class="grants-places" role="group" aria-label={t('grants.some')}>
          {places.map((one) => (
            <label key={one.scope + one.id}>
              <input type="checkbox" checked={has(grants, one.scope, one.id)} onChange={(event) => toggle(one.scope, one.id, event.currentTarget.checked)} />
              <Words text={one.name} /> <small>{one.scope === 'team' ? t('filter.team') : t('filter.channel')}</small>
            </label>
          ))}
          {grants.length === 0 ? <p class="field-hint">{t('grants.choose')}</p> : null}
        </div>
      )}
    </fieldset>
  )
}

/** The names of what an agent is narrowed to; empty for the whole account. */
export function grantNames(agent: Agent): string[] {
  return (agent.grants ?? []).flatMap((one) => (one.scope === 'team' ? teams.value : channels.value).find((place) => place.id === one.id)?.name ?? [])
}
