// The button for the bookmarks bar: opens /capture with what the page in the browser says. Runs on pages of networks, so it stands alone and is short.

/** Bytes of the query: the server takes a request line of 8 KB. */
const QUERY_BYTES = 6000

export function bookmarklet(origin: string, network: string): string {
  const code = `(()=>{const m=n=>(document.querySelector('meta[property="'+n+'"],meta[name="'+n+'"]')||{}).content||'';
const q=t=>new URLSearchParams({url:location.href,network:${JSON.stringify(network)},text:t,author:m('author')}).toString();
let t=(String(getSelection())||m('og:description')||document.title).trim();
while(t&&q(t).length>${QUERY_BYTES})t=[...t].slice(0,-Math.ceil(t.length/8)).join('');
open(${JSON.stringify(origin)}+'/app/capture?'+q(t),'_blank','popup,width=600,height=760')})()`
  return 'javascript:' + encodeURIComponent(code.replaceAll('\n', ''))
}
