// The variables of a network's template and its text with them filled in. Pure.
import type { MessageTemplate } from '../lib/network_types'

const VARIABLE = /\{\{\s*([\w.-]{1,64})\s*\}\}/g

/** The names between double braces, in the order in which they stand first. */
export function variablesOf(template: Pick<MessageTemplate, 'header' | 'body'>): string[] {
  return [...new Set([...(template.header ?? '').matchAll(VARIABLE), ...template.body.matchAll(VARIABLE)].map((match) => match[1] ?? ''))]
}
export const filled = (text: string, values: Record<string, string>): string => text.replace(VARIABLE, (whole, name: string) => values[name]?.trim() || whole)
