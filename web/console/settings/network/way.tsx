// Which way a channel works: over the network, or by hand, with a button for the bookmarks bar that brings posts in.
import type { Signal } from '@preact/signals'
import { Icon } from '../../ui/icon'
import { nt } from '../../lib/network_words'
import { worksByHand } from '../../lib/network_types'
import { BASE } from '../../lib/router'
import type { Channel } from '../../lib/types'
import { bookmarklet } from '../../capture/bookmarklet'
import { toast } from '../../state/toasts'
import { Button } from '../../ui/parts'
import { FormError, patchChannel, Section, useSaving } from '../common'

export type Way = 'network' | 'capture'
export const wayOf = (channel: Channel): Way => (worksByHand(channel) ? 'capture' : 'network')
export const wayName = (way: Way): string => (way === 'capture' ? nt('way.capture') : nt('way.network'))

export function WayChoice({ way }: { way: Signal<Way> }) {
  return (
    <fieldset class="kinds">
      <legend>{nt('way.legend')}</legend>
      {(['network', 'capture'] as const).map((one) => (
        <label key={one} class={way.value === one ? 'kind kind-on' : 'kind'}>
          <input type="radio" name="way" checked={way.value === one} onChange={() => void (way.value = one)} />
          <span><strong>{wayName(one)}</strong><small>{one === 'capture' ? nt('way.capture_hint') : nt('way.network_hint')}</small></span>
        </label>
      ))}
    </fieldset>
  )
}

function Bookmarklet({ kind }: { kind: string }) {
  return (
    <div class="capture-mark">
      <p class="settings-hint" id="capture-mark">{nt('way.mark_hint')}</p>
      <p class="network-actions">
        <a class="button button-primary" draggable href={bookmarklet(location.origin, kind)} aria-describedby="capture-mark" onClick={(event) => { event.preventDefault(); toast(nt('way.mark_drag')) }}>
          <Icon name="download" size={16} /> {nt('way.mark')}
        </a>
        <a class="button" href={`${BASE}/capture?network=${kind}`}>{nt('way.open')}</a>
      </p>
    </div>
  )
}

/** Going back to the network is saved with its credentials, in their form. */
export function WaySection({ channel, way, onChange }: { channel: Channel; way: Signal<Way>; onChange: (next: Channel) => void }) {
  const saving = useSaving()
  const isByHand = worksByHand(channel)
  const save = (): void => void saving.save(async () => onChange(await patchChannel(channel.id, { settings: { way: 'capture' } })))
  return (
    <Section title={nt('way.title')}>
      <div class="network-form">
        <WayChoice way={way} />
        {way.value === 'capture' && !isByHand ? (
          <>
            <p class="settings-hint">{nt('way.leaves')}</p>
            <Button tone="primary" disabled={saving.isBusy.value} onClick={save}>{nt('way.to_capture')}</Button>
          </>
        ) : null}
        <FormError saving={saving} />
        {isByHand && way.value === 'capture' ? <Bookmarklet kind={channel.kind} /> : null}
      </div>
    </Section>
  )
}
