/**
 * Which chunks of an unfinished base are there, a bit a chunk, in two notes beside its files.
 *
 * `verified` is rewritten whole and atomically, only after the files were synced, so it may be believed after a power
 * cut. `written` gets its byte changed in place after every single chunk, unsynced, and begins with the id of this
 * boot: what one process wrote, every later one of the same boot sees, so after kill -9 nothing but chunks in flight
 * is fetched again; after a restart of the machine it says nothing. Where the system has no such id (it is Linux's),
 * only `verified` counts. Rejected: syncing after every chunk (it would take longer than the network).
 */
import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { absent, writeFileAtomic } from './atomic-file.ts'
import { PromptIo } from './prompt-io.ts'

const SYNCED = 'verified'
const WRITTEN = 'written'

export class Verified {
  readonly #folder: string
  readonly #bits: Uint8Array
  readonly #io = new PromptIo()
  #written: FileHandle | undefined
  #boot: string | undefined
  #size = 0

  private constructor(folder: string, bits: Uint8Array) {
    this.#folder = folder
    this.#bits = bits
    for (let i = 0; i < bits.length * 8; i++) if (this.has(i)) this.#size++
  }

  /** Reads what earlier attempts noted of `count` chunks; creates nothing yet. */
  static async read(folder: string, count: number): Promise<Verified> {
    const bits = new Uint8Array(Math.ceil(count / 8))
    const boot = await bootId()
    const synced = await readFile(join(folder, SYNCED)).catch(error => absent(error, undefined))
    const written = await readFile(join(folder, WRITTEN)).catch(error => absent(error, undefined))
    if (synced?.length === bits.length) bits.set(synced)
    if (boot !== undefined && written?.length === boot.length + bits.length) {
      if (written.subarray(0, boot.length).toString('latin1') === boot)
        for (const [i, byte] of written.subarray(boot.length).entries()) bits[i]! |= byte
    }
    if (count % 8 !== 0) bits[bits.length - 1]! &= (1 << (count % 8)) - 1
    const verified = new Verified(folder, bits)
    verified.#boot = boot
    return verified
  }

  /** Starts to keep notes in the folder. */
  async open(): Promise<void> {
    if (this.#boot === undefined) return
    const path = join(this.#folder, WRITTEN)
    await writeFileAtomic(path, Buffer.concat([Buffer.from(this.#boot, 'latin1'), this.#bits]))
    this.#written = await open(path, 'r+')
  }

  /** How many are there. */
  get size(): number {
    return this.#size
  }

  has(index: number): boolean {
    return ((this.#bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
  }

  /** Chunk `index` is written; its bytes need not be synced. */
  async add(index: number): Promise<void> {
    if (this.has(index)) return
    this.#bits[index >> 3]! |= 1 << (index & 7)
    this.#size++
    const byte = index >> 3
    if (this.#written !== undefined)
      await this.#io.write(this.#written, this.#boot!.length + byte, this.#bits.subarray(byte, byte + 1))
  }

  /** What is not as the note says: for before `open()`. */
  delete(index: number): void {
    if (!this.has(index)) return
    this.#bits[index >> 3]! &= ~(1 << (index & 7))
    this.#size--
  }

  /** The state now, for `save`. */
  snapshot(): Uint8Array {
    return Uint8Array.from(this.#bits)
  }

  /** Keeps a snapshot whose chunks have been synced since. */
  async save(bits: Uint8Array): Promise<void> {
    await writeFileAtomic(join(this.#folder, SYNCED), bits)
  }

  async close(): Promise<void> {
    const handle = this.#written
    this.#written = undefined
    await handle?.close()
  }

  /** Takes both notes out of a folder that became a base. */
  static async remove(folder: string): Promise<void> {
    for (const name of [SYNCED, WRITTEN]) await rm(join(folder, name), { force: true })
  }
}

async function bootId(): Promise<string | undefined> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => undefined)
  return text?.trim()
}
