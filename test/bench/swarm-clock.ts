/** What the simulation of a swarm is made of: virtual time, and sets of chunks that are compared word by word. */

interface Event {
  readonly at: number
  /** Of two at the same time, the one that was asked for first. */
  readonly order: number
  readonly run: () => void
}

/** Events in the order of virtual time, milliseconds: a binary heap. */
export class Clock {
  now = 0
  readonly #heap: Event[] = []
  #order = 0

  after(ms: number, run: () => void): void {
    const event = { at: this.now + ms, order: this.#order++, run }
    let at = this.#heap.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, this.#heap[parent]!)) break
      this.#heap[at] = this.#heap[parent]!
      at = parent
    }
    this.#heap[at] = event
  }

  /** Runs what is next; false when there is nothing. */
  step(): boolean {
    const next = this.#heap[0]
    if (next === undefined) return false
    const last = this.#heap.pop()!
    const size = this.#heap.length
    if (size > 0) {
      let at = 0
      for (;;) {
        let child = 2 * at + 1
        if (child >= size) break
        if (child + 1 < size && isBefore(this.#heap[child + 1]!, this.#heap[child]!)) child++
        if (!isBefore(this.#heap[child]!, last)) break
        this.#heap[at] = this.#heap[child]!
        at = child
      }
      this.#heap[at] = last
    }
    this.now = next.at
    next.run()
    return true
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

/** Numbers below `count`. */
export class Bits {
  readonly #words: Uint32Array

  constructor(count: number, isFull: boolean) {
    this.#words = new Uint32Array(Math.ceil(count / 32))
    if (isFull) for (let index = 0; index < count; index++) this.add(index)
  }

  has(index: number): boolean {
    return ((this.#words[index >> 5]! >>> (index & 31)) & 1) === 1
  }

  add(index: number): void {
    this.#words[index >> 5]! |= 1 << (index & 31)
  }

  delete(index: number): void {
    this.#words[index >> 5]! &= ~(1 << (index & 31))
  }

  any(): boolean {
    return this.#words.some(word => word !== 0)
  }

  /** Whether anything is in both. */
  meets(other: Bits): boolean {
    for (let word = 0; word < this.#words.length; word++)
      if ((this.#words[word]! & other.#words[word]!) !== 0) return true
    return false
  }

  common(other: Bits): number[] {
    return this.#list(word => this.#words[word]! & other.#words[word]!)
  }

  without(other: Bits): number[] {
    return this.#list(word => this.#words[word]! & ~other.#words[word]!)
  }

  list(): number[] {
    return this.#list(word => this.#words[word]!)
  }

  #list(wordAt: (word: number) => number): number[] {
    const found: number[] = []
    for (let word = 0; word < this.#words.length; word++)
      for (let bits = wordAt(word); bits !== 0; bits &= bits - 1)
        found.push(word * 32 + 31 - Math.clz32(bits & -bits))
    return found
  }
}
