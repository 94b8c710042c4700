/**
 * `vault.json` on disk: read, created once, replaced whole. What it means is vault.ts's business.
 */
import { readFile } from 'node:fs/promises'
import { OppuError } from '../../protocol/errors.ts'
import { errorCode, writeFileAtomic } from './atomic-file.ts'
import { Vault } from './vault.ts'
import type { Argon2Cost, VaultRecord } from './vault-record.ts'

const MAX_RECORD_BYTES = 64 * 1024

/**
 * Makes a vault and its file (mode 0600). The caller closes the vault.
 * @throws OppuError ALREADY_INITIALIZED when the file exists (it is left alone), DISK_FULL, INVALID_ARGUMENT.
 */
export async function createVaultFile(path: string, passphrase: string, cost?: Argon2Cost): Promise<Vault> {
  const vault = await Vault.create(passphrase, cost)
  try {
    if (await writeFileAtomic(path, encode(vault.record), { exclusive: true })) return vault
    throw new OppuError('ALREADY_INITIALIZED', `${path} exists already`)
  } catch (error) {
    vault.close()
    throw error
  }
}

/**
 * Reads the file without unlocking it: its public ids need no passphrase.
 * @throws OppuError NOT_INITIALIZED when there is none, CORRUPT_VAULT when it is not JSON.
 */
export async function readVaultFile(path: string): Promise<unknown> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw new OppuError('NOT_INITIALIZED', `there is no vault at ${path}`)
    if (errorCode(error) === 'EISDIR') throw new OppuError('CORRUPT_VAULT', `${path} is a folder`)
    throw error
  }
  try {
    if (bytes.length > MAX_RECORD_BYTES) throw new RangeError(`${bytes.length} bytes`)
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new OppuError('CORRUPT_VAULT', `${path} is not a vault record`, { cause })
  }
}

/** @throws OppuError as readVaultFile() and Vault.unlock(). The caller closes the vault. */
export async function openVaultFile(path: string, passphrase: string): Promise<Vault> {
  return Vault.unlock(await readVaultFile(path), passphrase)
}

/** Replaces the file, after Vault.rewrap(). @throws OppuError DISK_FULL; the old file stands then. */
export async function replaceVaultFile(path: string, record: VaultRecord): Promise<void> {
  await writeFileAtomic(path, encode(record))
}

function encode(record: VaultRecord): Uint8Array {
  return Buffer.from(`${JSON.stringify(record, null, 2)}\n`, 'utf8')
}
