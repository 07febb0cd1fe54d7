// Questions that replace each other, such as a search while somebody types or a list under another filter: only the answer to the latest one counts.
export class Latest {
  private asked = 0

  /** Asks anew; what comes back tells whether nothing was asked since. */
  begin(): () => boolean {
    const mine = ++this.asked
    return () => mine === this.asked
  }
}
