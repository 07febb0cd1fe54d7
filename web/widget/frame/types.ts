// The widget's side of the JSON API: the server's own types (made from its route table) under the widget's short names. Settings that were
// never made are left out, also by the live preview of the console.
import type { Attachment, FormField, PrechatForm, WidgetAgent, WidgetConfig, WidgetMessage, WidgetSession, WidgetSettings } from '../../shared/api/types'

export type { Attachment, FormField, WidgetMessage }
export type Author = WidgetMessage['author']
export type Agent = WidgetAgent
export type Prechat = PrechatForm
export type Settings = Omit<WidgetSettings, 'logo_url'> & Partial<Pick<WidgetSettings, 'logo_url'>>
export type Config = Omit<WidgetConfig, 'settings'> & { settings: Settings }
export type Session = WidgetSession
export type { WidgetHistory as History } from '../../shared/api/types'
