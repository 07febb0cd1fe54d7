// What a mail's sheet looks like before the mail says anything, and what it must not undo (frame.tsx). The colours are the sheet's own: a mail was
// written for white paper, and keeps its colours on it when the console is dark.
export const SHEET_STYLE = `
html { color-scheme: light; background: #fff; }
[data-seva-body] {
  box-sizing: border-box; min-height: 0; padding: 12px 14px; background: #fff; color: #1b1f27; overflow-wrap: break-word;
  font: 14px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Bengali", "Noto Naskh Arabic", sans-serif;
}
img { max-width: 100%; height: auto; }
table { max-width: 100%; }
pre { white-space: pre-wrap; }
a { color: #2b45ac; }
blockquote { margin: 8px 0; padding-inline-start: 12px; border-inline-start: 3px solid #d5d9e0; }
:focus-visible { outline: 2px solid #3451c6; outline-offset: 1px; }
a[data-seva-opens]::after { content: " (" attr(data-seva-opens) ")"; color: #8a5300; font-weight: 600; unicode-bidi: isolate; }
[data-seva-src] {
  display: inline-block !important; box-sizing: border-box; min-width: 22px !important; max-width: 100% !important; min-height: 22px !important; padding: 2px 6px !important; overflow: hidden !important;
  border: 1px dashed #868e9a !important; background: #f3f4f6 !important; color: #4d5563 !important; font: 12px/1.4 system-ui, sans-serif !important; vertical-align: bottom;
}
@media (max-width: 480px) { [data-seva-wide] { width: 100% !important; } }
img[data-seva-tracker], img[data-seva-lost]:not([alt]), img[data-seva-lost][alt=""], [data-seva-quote="folded"] { display: none !important; }
`

/** Beats whatever the mail's styles say of the page itself: its height is that of the content and nothing else. */
export function holdPage(document: Document, body: HTMLElement): void {
  const hold = (element: HTMLElement, rules: Record<string, string>): void => {
    for (const [name, value] of Object.entries(rules)) element.style.setProperty(name, value, 'important')
  }
  hold(document.documentElement, { display: 'block', visibility: 'visible', opacity: '1', margin: '0', padding: '0', border: '0', width: 'auto', height: 'auto', 'min-height': '0', 'max-height': 'none', 'overflow-y': 'hidden' })
  hold(document.body, { display: 'block', visibility: 'visible', opacity: '1', margin: '0', padding: '0', border: '0', width: 'auto', 'min-width': '0', 'max-width': 'none', height: 'auto', 'min-height': '0', 'max-height': 'none', float: 'none', 'overflow-y': 'visible' })
  hold(body, { display: 'flow-root', visibility: 'visible', opacity: '1', margin: '0', width: 'auto', 'min-width': '0', 'max-width': 'none', height: 'auto', 'max-height': 'none', float: 'none' })
}
