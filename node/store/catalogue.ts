/**
 * What a node remembers of its coordinator, in `<home>/community/<key>/`: the answers as they came, so that bases can be
 * found and checked while no coordinator can be reached. Named after the key that was pinned first.
 *
 * Nothing read from here is trusted more than what comes from the network: swarm/coordinator-client.ts checks the
 * signatures of both in the same way. Rejected: the database (it is the user's own, and sealed; this is public).
 */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import { type BaseId, shortId, type UserId } from '../../protocol/ids.ts'
import { absent, writeFileAtomic } from './atomic-file.ts'

/** `keys`, `releases`, `bases`, `tasks`, or what is known of one base. */
export type CatalogueName = 'keys' | 'releases' | 'bases' | 'tasks' | `${'manifest' | 'providers'}-${BaseId}`

export interface Kept {
  readonly bytes: Uint8Array
  /** Milliseconds since 1970. */
  readonly savedAt: number
}

export class Catalogue {
  readonly #folder: string

  constructor(home: string, pinned: UserId) {
    this.#folder = join(home, 'community', pinned)
  }

  /** What was kept last under a name; undefined where nothing was. */
  async read(name: CatalogueName): Promise<Kept | undefined> {
    const path = join(this.#folder, name)
    try {
      const { mtimeMs } = await stat(path)
      return { bytes: new Uint8Array(await readFile(path)), savedAt: mtimeMs }
    } catch (error) {
      return absent(error, undefined)
    }
  }

  /** @throws OppuError DISK_FULL. */
  async keep(name: CatalogueName, bytes: Uint8Array): Promise<void> {
    await writeFileAtomic(join(this.#folder, name), bytes)
  }
}

/** A licence as it is put before a person. */
export interface LicenceOffer {
  readonly base: BaseId
  /** Of the base. */
  readonly name: string
  /** SPDX identifier where there is one. */
  readonly licence: string
  readonly text: string
}

/**
 * Has a licence's text accepted, once: `<home>/community/accepted.json` remembers which text, by its SHA-256, so that a
 * text that was changed is put before the person again.
 * @throws OppuError LICENCE_NOT_ACCEPTED when `ask` says no, or is absent; whatever `ask` throws.
 */
export async function demandLicence(
  home: string,
  offer: LicenceOffer,
  ask: ((offer: LicenceOffer) => Promise<boolean>) | undefined,
): Promise<void> {
  const path = join(home, 'community', 'accepted.json')
  const accepted = await readAccepted(path)
  const hash = createHash('sha256').update(offer.text).digest('hex')
  if (Object.hasOwn(accepted, hash)) return
  if (ask === undefined || !(await ask(offer)))
    throw new OppuError(
      'LICENCE_NOT_ACCEPTED',
      `the licence of ${offer.name} ${shortId(offer.base)} (${offer.licence}) was not accepted`,
    )
  const entry = { base: offer.base, licence: offer.licence, at: new Date().toISOString() }
  await writeFileAtomic(path, Buffer.from(`${JSON.stringify({ ...accepted, [hash]: entry }, null, 2)}\n`))
}

async function readAccepted(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(path, 'utf8').catch(error => absent(error, '{}'))
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // Told below.
  }
  throw new OppuError('INVALID_DATA', `${path} cannot be read`)
}
