// Runs before the first paint so that a chosen theme never flashes the other one. The console's own code owns the values afterwards.
;(function () {
  try {
    var look = JSON.parse(localStorage.getItem('seva.look') || '{}')
    var root = document.documentElement
    if (look.theme && look.theme !== 'auto') root.dataset.theme = look.theme
    if (look.contrast === 'high') root.dataset.contrast = 'high'
    if (look.density) root.dataset.density = look.density
    if (look.locale) root.lang = look.locale
    if (look.dir) root.dir = look.dir
  } catch (e) {
    /* storage refused: the system's preference stands */
  }
})()
