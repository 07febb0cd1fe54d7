// The sound of a new message: two soft notes made by WebAudio, no file. Silent until the browser has
// seen the visitor touch the page (autoplay rules).
let context: AudioContext | undefined

export function chime(): void {
  try {
    context ??= new AudioContext()
    const now = context.currentTime
    for (const [at, pitch] of [[0, 660], [0.11, 880]] as const) {
      const note = context.createOscillator()
      const volume = context.createGain()
      note.frequency.value = pitch
      volume.gain.setValueAtTime(0.0001, now + at)
      volume.gain.exponentialRampToValueAtTime(0.12, now + at + 0.02)
      volume.gain.exponentialRampToValueAtTime(0.0001, now + at + 0.28)
      note.connect(volume).connect(context.destination)
      note.start(now + at)
      note.stop(now + at + 0.3)
    }
  } catch {
    // No audio device: the badge tells it.
  }
}
