// Agents, teams and roles.
import { useSignal } from '@preact/signals'
import { Avatar, Button, Chip, Dialog, Field, IconButton, Words } from '../ui/parts'
import { Menu } from '../ui/menu'
import { del, patch, post } from '../lib/api'
import { age } from '../lib/format'
import { t } from '../lib/i18n'
import { uuid } from '../lib/ids'
import type { Agent, Role, Team } from '../lib/types'
import { refreshPeople } from '../state/reference'
import { agents, can, capabilities, myId, teams } from '../state/store'
import { complain, toast } from '../state/toasts'
import type { LinkMade } from '../../shared/api/types'
import { AgentDialog, LinkShown } from './agent_dialog'
import { AskButton, FormError, Listed, PageTitle, useListing, useSaving } from './common'
import { grantNames } from './grants'
import { roleName } from './role_name'

const BUILTIN = ['owner', 'admin', 'supervisor', 'agent', 'viewer'] as const

function Scope({ agent }: { agent: Agent }) {
  const names = grantNames(agent)
  return names.length ? <Chip icon="lock"><Words text={t('grants.only', { names: names.join(', ') })} /></Chip> : null
}

export function Agents() {
  const roles = useListing<Role>('/roles')
  const edited = useSignal<Agent | 'new' | null>(null)
  const link = useSignal<{ link: LinkMade; email: string } | null>(null)
  const known = roles.items.value ?? BUILTIN.map((key) => ({ id: key, key, name: key, capabilities: [], is_builtin: true }))
  const act = (work: Promise<unknown>, done: string): void => void work.then(() => { toast(done); refreshPeople() }, complain)
  return (
    <>
      <PageTitle title={t('settings.agents')} hint={t('agents.hint')}>
        <Button tone="primary" icon="plus" onClick={() => void (edited.value = 'new')}>{t('agents.invite')}</Button>
      </PageTitle>
      {link.value ? <LinkShown link={link.value.link} email={link.value.email} /> : null}
      <ul class="rows">
        {agents.value.map((one) => {
          const role = known.find((other) => other.key === one.role)
          return (
            <li key={one.id} class="rows-row">
              <Avatar name={one.name} photo={one.photo_url} size={32} online={one.is_online} />
              <span class="rows-main">
                <strong><Words text={one.name} /></strong>
                <small><bdi dir="ltr">{one.email}</bdi>{one.last_seen_at ? ' · ' + t('security.seen', { age: age(one.last_seen_at) }) : ''}</small>
              </span>
              {one.has_totp ? <Chip tone="good" icon="shield">{t('agents.totp')}</Chip> : null}
              {one.state === 'invited' ? <Chip tone="warn">{t('agents.is_invited')}</Chip> : null}
              {!one.is_active ? <Chip>{t('agents.inactive')}</Chip> : null}
              <Scope agent={one} />
              <Chip tone="accent">{role ? roleName(role) : one.role}</Chip>
              <Menu
                label={t('agents.menu', { name: one.name })}
                icon="more"
                items={[
                  { label: t('common.edit'), icon: 'edit', run: () => void (edited.value = one) },
                  { label: one.state === 'invited' ? t('agents.new_invitation') : t('agents.reset'), icon: 'link', run: () => void post<LinkMade>(`/agents/${one.id}/reset-link`).then((made) => void (link.value = { link: made, email: one.email }), complain) },
                  { label: t('agents.sign_out'), icon: 'outside', run: () => act(post(`/agents/${one.id}/sign-out`), t('agents.signed_out')) },
                  ...(one.id === myId.value ? [] : [{ label: one.is_active ? t('agents.deactivate') : t('agents.activate'), icon: 'lock' as const, ...(one.is_active ? { tone: 'danger' as const } : {}), run: () => act(patch('/agents/' + one.id, { is_active: !one.is_active }), t('done.saved')) }]),
                ]}
              />
            </li>
          )
        })}
      </ul>
      {edited.value ? <AgentDialog agent={edited.value === 'new' ? null : edited.value} roles={known} onClose={() => void (edited.value = null)} /> : null}
    </>
  )
}

function TeamDialog({ team, onClose }: { team: Team | null; onClose: () => void }) {
  const saving = useSaving()
  const name = useSignal(team?.name ?? '')
  const description = useSignal(team?.description ?? '')
  const members = useSignal<string[]>(team?.agent_ids ?? [])
  const key = useSignal(uuid())
  const submit = async (): Promise<void> => {
    const body = { name: name.value.trim(), description: description.value.trim() || null, agent_ids: members.value }
    const ok = await saving.save(async () => {
      await (team ? patch('/teams/' + team.id, body) : post('/teams', body, key.value))
      refreshPeople()
    })
    key.value = uuid()
    if (ok) onClose()
  }
  const title = team ? t('teams.edit', { name: team.name }) : t('teams.new')
  return (
    <Dialog label={title} onClose={onClose} class="dialog-small">
      <h2>{title}</h2>
      <form onSubmit={(event) => { event.preventDefault(); void submit() }}>
        <Field label={t('teams.name')}>{(props) => <input {...props} type="text" required maxLength={80} dir="auto" autofocus value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}</Field>
        <Field label={t('teams.description')}>{(props) => <input {...props} type="text" maxLength={300} dir="auto" value={description} onInput={(event) => void (description.value = event.currentTarget.value)} />}</Field>
        <fieldset class="choices choices-column">
          <legend>{t('teams.members')}</legend>
          {agents.value.filter((one) => one.is_active).map((one) => (
            <label key={one.id}>
              <input type="checkbox" checked={members.value.includes(one.id)} onChange={(event) => void (members.value = event.currentTarget.checked ? [...members.value, one.id] : members.value.filter((id) => id !== one.id))} />
              <Words text={one.name} />
            </label>
          ))}
        </fieldset>
        <FormError saving={saving} />
        <div class="dialog-actions">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" tone="primary" disabled={saving.isBusy.value}>{t('common.save')}</Button>
        </div>
      </form>
    </Dialog>
  )
}

export function Teams() {
  const edited = useSignal<Team | 'new' | null>(null)
  return (
    <>
      <PageTitle title={t('settings.teams')} hint={t('teams.hint')}>
        <Button tone="primary" icon="plus" onClick={() => void (edited.value = 'new')}>{t('teams.new')}</Button>
      </PageTitle>
      {teams.value.length === 0 ? <p class="settings-empty">{t('teams.none')}</p> : null}
      <ul class="rows">
        {teams.value.map((one) => (
          <li key={one.id} class="rows-row">
            <span class="rows-main"><strong><Words text={one.name} /></strong><small><Words text={one.description ?? ''} /></small></span>
            <span class="avatars">{one.agent_ids.slice(0, 5).map((id) => { const agent = agents.value.find((other) => other.id === id); return agent ? <Avatar key={id} name={agent.name} photo={agent.photo_url} size={24} /> : null })}</span>
            <IconButton icon="edit" label={t('teams.edit', { name: one.name })} onClick={() => void (edited.value = one)} />
            <AskButton label={t('common.delete')} title={t('teams.delete', { name: one.name })} text={t('teams.delete_text')} onConfirm={() => void del('/teams/' + one.id).then(refreshPeople, complain)} />
          </li>
        ))}
      </ul>
      {edited.value ? <TeamDialog team={edited.value === 'new' ? null : edited.value} onClose={() => void (edited.value = null)} /> : null}
    </>
  )
}

const ALL_CAPABILITIES = [
  'conversation.read', 'conversation.reply', 'conversation.note', 'conversation.assign', 'conversation.update', 'conversation.bulk', 'contact.read', 'contact.update', 'attachment.read', 'event.read', 'agent.read',
  'view.share', 'tag.manage', 'channel.manage', 'agent.manage', 'team.manage', 'role.manage', 'token.manage', 'webhook.manage', 'audit.read', 'account.manage', 'job.manage', 'quarantine.manage', 'contact.export',
] as const

/** Capabilities by their technical names: the same in the API and in the documentation. */
export function CapabilityChoice({ chosen, onChange, readOnly }: { chosen: readonly string[]; onChange: (names: string[]) => void; readOnly?: boolean }) {
  return (
    <fieldset class="choices choices-grid">
      <legend>{t('roles.capabilities')}</legend>
      {ALL_CAPABILITIES.map((name) => (
        <label key={name}>
          <input type="checkbox" disabled={readOnly || !capabilities.value.has(name)} checked={chosen.includes(name)} onChange={(event) => onChange(event.currentTarget.checked ? [...chosen, name] : chosen.filter((one) => one !== name))} />
          <code dir="ltr">{name}</code>
        </label>
      ))}
    </fieldset>
  )
}

function RoleDialog({ role, onClose }: { role: Role | null; onClose: (changed: boolean) => void }) {
  const saving = useSaving()
  const name = useSignal(role ? roleName(role) : '')
  const chosen = useSignal<string[]>(role?.capabilities ?? ['conversation.read'])
  const isFixed = role?.is_builtin ?? false
  const key = useSignal(uuid())
  const title = role ? roleName(role) : t('roles.new')
  return (
    <Dialog label={title} onClose={() => onClose(false)}>
      <h2>{title}</h2>
      {isFixed ? <p class="dialog-hint">{t('roles.builtin_hint')}</p> : null}
      <form onSubmit={(event) => { event.preventDefault(); void saving.save(() => { const body = { name: name.value.trim(), capabilities: chosen.value }; return role ? patch('/roles/' + role.id, body) : post('/roles', body, key.value) }).then((ok) => { key.value = uuid(); if (ok) onClose(true) }) }}>
        <Field label={t('profile.name')}>{(props) => <input {...props} type="text" required maxLength={80} dir="auto" disabled={isFixed} value={name} onInput={(event) => void (name.value = event.currentTarget.value)} />}</Field>
        <CapabilityChoice chosen={chosen.value} onChange={(names) => void (chosen.value = names)} readOnly={isFixed} />
        <FormError saving={saving} />
        <div class="dialog-actions">
          <Button onClick={() => onClose(false)}>{isFixed ? t('common.close') : t('common.cancel')}</Button>
          {isFixed ? null : <Button type="submit" tone="primary" disabled={saving.isBusy.value}>{t('common.save')}</Button>}
        </div>
      </form>
    </Dialog>
  )
}

export function Roles() {
  const listing = useListing<Role>('/roles')
  const edited = useSignal<Role | 'new' | null>(null)
  return (
    <>
      <PageTitle title={t('settings.roles')} hint={t('roles.hint')}>
        {can('role.manage') ? <Button tone="primary" icon="plus" onClick={() => void (edited.value = 'new')}>{t('roles.new')}</Button> : null}
      </PageTitle>
      <Listed listing={listing} empty="—">
        {(items) => (
          <ul class="rows">
            {items.map((one) => (
              <li key={one.key} class="rows-row">
                <span class="rows-main"><strong><Words text={roleName(one)} /></strong><small>{t('roles.count', { count: one.capabilities.length })}</small></span>
                {one.is_builtin ? <Chip>{t('roles.builtin')}</Chip> : null}
                <IconButton icon={one.is_builtin ? 'eye' : 'edit'} label={t('teams.edit', { name: roleName(one) })} onClick={() => void (edited.value = one)} />
                {one.is_builtin ? null : <AskButton label={t('common.delete')} title={t('teams.delete', { name: one.name })} text={t('roles.delete_text')} onConfirm={() => void del('/roles/' + one.id).then(() => listing.reload(), complain)} />}
              </li>
            ))}
          </ul>
        )}
      </Listed>
      {edited.value ? <RoleDialog role={edited.value === 'new' ? null : edited.value} onClose={(changed) => { edited.value = null; if (changed) void listing.reload() }} /> : null}
    </>
  )
}
