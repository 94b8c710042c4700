/**
 * What a training run needs to go on after it was cut short: `<home>/checkpoints/<run>/<step>.sealed`, the last two of
 * each run. What is in one is its writer's business; here it is bytes.
 *
 *      8  "oppuckpt"
 *      1  version, 1
 *     32  salt
 *      n  content, AES-256-GCM with nonce 0 under HKDF-SHA256(vault's key "checkpoints", salt, run and step); the first
 *         41 bytes are authenticated with it
 *     16  tag
 *
 * The key is of this vault, run and step alone, so a checkpoint cannot be put in another's place. Written beside its
 * place and renamed, so a killed process or a full disk leaves the ones before; the last but one stays for the case that
 * the last is damaged, or was made of a run that was already going wrong. Rejected: sealing as adapters are
 * (sealed-file.ts), which is for other people's vaults and an order of magnitude slower, each time.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { absent, type ByteSource, writeFileAtomic } from './atomic-file.ts'
import type { Vault } from './vault.ts'

export interface CheckpointRecord {
  /** The run's name: 64 hex digits. */
  readonly run: string
  /** Updates done. */
  readonly step: number
  /** Size of the sealed file. */
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

export interface Checkpoint {
  readonly step: number
  readonly content: Uint8Array
  /** Newer ones that cannot be used, each with why. */
  readonly damaged: readonly { readonly step: number; readonly error: OppuError }[]
}

const CIPHER = 'aes-256-gcm'
const MAGIC = Buffer.from('oppuckpt', 'latin1')
const VERSION = 1
const SALT_BYTES = 32
const HEADER_BYTES = MAGIC.length + 1 + SALT_BYTES
const TAG_BYTES = 16
const KEY_BYTES = 32
/** The salt makes the key one of a kind, so the nonce need not be. */
const NONCE = new Uint8Array(12)
/** What can be read back in one piece. */
const MAX_BYTES = 2 ** 31 - 1
const KEPT = 2
const RUN = /^[0-9a-f]{64}$/
const FILE = /^(\d{1,15})\.sealed$/
const TEMPORARY = /^\.\d+\.sealed\.[0-9a-f]+\.tmp$/

export class Checkpoints {
  readonly #folder: string
  readonly #vault: Vault

  private constructor(folder: string, vault: Vault) {
    this.#folder = folder
    this.#vault = vault
  }

  /** `folder` is `<home>/checkpoints`. Deletes what processes that were killed left half written. */
  static async open(folder: string, vault: Vault): Promise<Checkpoints> {
    for (const run of await namesIn(folder)) {
      for (const name of RUN.test(run) ? await namesIn(join(folder, run)) : []) {
        const path = join(folder, run, name)
        if (TEMPORARY.test(name) && (await isFromBefore(path))) await rm(path, { force: true })
      }
    }
    return new Checkpoints(folder, vault)
  }

  /**
   * Stores a run's checkpoint after `step` updates and forgets all of that run but it and the newest before it.
   * @throws OppuError DISK_FULL, TOO_LARGE, CLOSED; the signal's reason. Those before are untouched then.
   */
  async put(
    run: string,
    step: number,
    content: ByteSource,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    await writeFileAtomic(this.#path(run, step), this.#seal(run, step, content), options)
    const steps = await this.#steps(run)
    const kept = steps.filter(other => other <= step).slice(-KEPT)
    for (const other of steps) if (!kept.includes(other)) await rm(this.#path(run, other), { force: true })
  }

  /** The newest of a run's checkpoints that is whole; undefined where there is none. @throws OppuError CLOSED */
  async get(run: string): Promise<Checkpoint | undefined> {
    const damaged: { step: number; error: OppuError }[] = []
    for (const step of (await this.#steps(run)).reverse()) {
      try {
        return { step, content: this.#unseal(run, step, await readFile(this.#path(run, step))), damaged }
      } catch (error) {
        if (!isOppuError(error, 'INVALID_DATA')) throw error
        damaged.push({ step, error })
      }
    }
    return undefined
  }

  /** All of every run, the newest first. */
  async list(): Promise<CheckpointRecord[]> {
    const records: CheckpointRecord[] = []
    for (const run of (await namesIn(this.#folder)).filter(name => RUN.test(name))) {
      for (const step of await this.#steps(run)) {
        const { size, mtimeMs } = await stat(this.#path(run, step))
        records.push({ run, step, bytes: size, createdAt: Math.floor(mtimeMs) })
      }
    }
    return records.sort((a, b) => b.createdAt - a.createdAt || b.step - a.step)
  }

  /** Deletes a run's checkpoints; false when there were none. */
  async remove(run: string): Promise<boolean> {
    const there = (await this.#steps(run)).length > 0
    await rm(this.#folderOf(run), { recursive: true, force: true })
    return there
  }

  /** In rising order. */
  async #steps(run: string): Promise<number[]> {
    return (await namesIn(this.#folderOf(run)))
      .map(name => FILE.exec(name)?.[1])
      .filter(step => step !== undefined)
      .map(Number)
      .sort((a, b) => a - b)
  }

  #folderOf(run: string): string {
    if (!RUN.test(run)) throw new TypeError('a run has a name of 64 hex digits')
    return join(this.#folder, run)
  }

  #path(run: string, step: number): string {
    return join(this.#folderOf(run), `${step}.sealed`)
  }

  async *#seal(run: string, step: number, content: ByteSource): AsyncGenerator<Uint8Array> {
    const salt = randomBytes(SALT_BYTES)
    const header = Buffer.concat([MAGIC, Uint8Array.of(VERSION), salt])
    const cipher = createCipheriv(CIPHER, this.#key(run, step, salt), NONCE, { authTagLength: TAG_BYTES })
    cipher.setAAD(header)
    yield header
    let length = 0
    for await (const piece of content instanceof Uint8Array ? [content] : content) {
      length += piece.length
      if (length > MAX_BYTES - HEADER_BYTES - TAG_BYTES)
        throw new OppuError('TOO_LARGE', `a checkpoint has at most ${MAX_BYTES} bytes`)
      yield cipher.update(piece)
    }
    yield cipher.final()
    yield cipher.getAuthTag()
  }

  #unseal(run: string, step: number, sealed: Buffer): Uint8Array {
    const damaged = (cause?: unknown) =>
      new OppuError('INVALID_DATA', `the checkpoint of step ${step} is damaged or of another vault`, {
        cause,
      })
    const header = sealed.subarray(0, HEADER_BYTES)
    if (sealed.length < HEADER_BYTES + TAG_BYTES || !MAGIC.equals(header.subarray(0, MAGIC.length)))
      throw damaged()
    const version = header[MAGIC.length]
    if (version !== VERSION)
      throw new OppuError('INVALID_DATA', `the checkpoint of step ${step} is of version ${version}`)
    const key = this.#key(run, step, header.subarray(-SALT_BYTES))
    const decipher = createDecipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES })
    decipher.setAAD(header)
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    const content = decipher.update(sealed.subarray(HEADER_BYTES, -TAG_BYTES))
    try {
      decipher.final()
    } catch (error) {
      throw damaged(error)
    }
    return content
  }

  #key(run: string, step: number, salt: Uint8Array): Uint8Array {
    const secret = this.#vault.key('checkpoints')
    const key = hkdfSync('sha256', secret, salt, `oppu/checkpoint/v1/${run}/${step}`, KEY_BYTES)
    secret.fill(0)
    return new Uint8Array(key)
  }
}

/** Whether a file was last written before this process began; true for one that is gone. */
async function isFromBefore(path: string): Promise<boolean> {
  const info = await stat(path).catch(error => absent(error, undefined))
  return info === undefined || info.mtimeMs < performance.timeOrigin
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(error => absent(error, []))
}
