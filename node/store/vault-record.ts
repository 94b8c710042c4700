/**
 * The vault's record, `vault.json`: what it says, what it may ask of us, and the key that a passphrase and it give.
 *
 * Everything untrusted about a vault becomes typed here, before any memory or time is spent on it. `check` is a plain
 * SHA-256 of the other fields, there to tell a damaged record from a wrong passphrase. It is not a defence: whoever
 * can write the record can recompute it, and then gains a refusal, because the ids must match the unwrapped keys.
 * What is wrapped, and by what cipher, is vault.ts's business.
 */
import { argon2, createHash } from 'node:crypto'
import { OppuError } from '../../protocol/errors.ts'
import type { UserId } from '../../protocol/ids.ts'

export const KEY_BYTES = 32

export interface Argon2Cost {
  readonly memoryKiB: number
  readonly passes: number
  readonly parallelism: number
}

/** RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes (about 0.2 s). */
export const DEFAULT_COST: Argon2Cost = { memoryKiB: 65_536, passes: 3, parallelism: 4 }

/** What a record may ask of us: beyond these it is hostile or damaged, and refused before any work is done. */
const LIMITS = { memoryKiB: 1 << 20, passes: 64, parallelism: 16, memoryTimesPasses: 4 << 20 } as const

/** `vault.json`. Byte strings are base64. */
export interface VaultRecord {
  readonly version: 1
  readonly userId: UserId
  readonly recipient: string
  readonly kdf: Argon2Cost & { readonly name: 'argon2id'; readonly salt: string }
  /** Nonce (24 bytes) and secretbox (48 bytes) of the master key. */
  readonly wrapped: string
  /** Hex SHA-256 of the fields above, as canonicalRecord() writes them. */
  readonly check: string
}

/** NFKC, so that the same passphrase typed on another keyboard or system gives the same bytes. */
export function wrappingKey(passphrase: string, salt: Uint8Array, cost: Argon2Cost): Promise<Uint8Array> {
  const message = Buffer.from(passphrase.normalize('NFKC'), 'utf8')
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  argon2(
    'argon2id',
    {
      message,
      nonce: salt,
      parallelism: cost.parallelism,
      tagLength: KEY_BYTES,
      memory: cost.memoryKiB,
      passes: cost.passes,
    },
    (error, key) => {
      message.fill(0)
      if (error)
        reject(new OppuError('OUT_OF_MEMORY', `Argon2id failed with ${cost.memoryKiB} KiB`, { cause: error }))
      else resolve(key)
    },
  )
  return promise
}

export function withinLimits({ memoryKiB, passes, parallelism }: Argon2Cost): boolean {
  return (
    [memoryKiB, passes, parallelism].every(Number.isSafeInteger) &&
    parallelism >= 1 &&
    parallelism <= LIMITS.parallelism &&
    passes >= 1 &&
    passes <= LIMITS.passes &&
    memoryKiB >= 8 * parallelism &&
    memoryKiB <= LIMITS.memoryKiB &&
    memoryKiB * passes <= LIMITS.memoryTimesPasses
  )
}

export function parseRecord(value: unknown): VaultRecord {
  const record = fields(value, ['version', 'userId', 'recipient', 'kdf', 'wrapped', 'check'])
  if (record.version !== 1) throw corrupt(`its version is ${String(record.version)}, not 1`)
  const kdf = fields(record.kdf, ['name', 'memoryKiB', 'passes', 'parallelism', 'salt'])
  if (kdf.name !== 'argon2id') throw corrupt('its key derivation is not argon2id')
  const parsed: VaultRecord = {
    version: 1,
    userId: string(record.userId) as UserId,
    recipient: string(record.recipient),
    kdf: {
      name: 'argon2id',
      memoryKiB: number(kdf.memoryKiB),
      passes: number(kdf.passes),
      parallelism: number(kdf.parallelism),
      salt: string(kdf.salt),
    },
    wrapped: string(record.wrapped),
    check: string(record.check),
  }
  if (checksum(parsed) !== parsed.check) throw corrupt('its checksum does not match')
  if (!withinLimits(parsed.kdf)) throw corrupt('it asks for an absurd amount of memory or time')
  return parsed
}

function fields<Name extends string>(value: unknown, names: readonly Name[]): Record<Name, unknown> {
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.keys(value).sort().join() !== [...names].sort().join()
  ) {
    throw corrupt('its fields are not those of a vault')
  }
  return value as Record<Name, unknown>
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw corrupt('a field is not a string')
  return value
}

function number(value: unknown): number {
  if (typeof value !== 'number') throw corrupt('a field is not a number')
  return value
}

export function fromBase64(text: string, length: number, what: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== length) throw corrupt(`its ${what} is not ${length} bytes`)
  return bytes
}

export function checksum(record: Omit<VaultRecord, 'check'>): string {
  const { userId, recipient, kdf, wrapped } = record
  const canonical = JSON.stringify([
    1,
    userId,
    recipient,
    kdf.name,
    kdf.memoryKiB,
    kdf.passes,
    kdf.parallelism,
    kdf.salt,
    wrapped,
  ])
  return createHash('sha256').update(canonical).digest('hex')
}

export function corrupt(why: string): OppuError {
  return new OppuError('CORRUPT_VAULT', `the vault record cannot be used: ${why}`)
}
