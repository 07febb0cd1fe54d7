export function Guide() { return <main id="main" /> }
