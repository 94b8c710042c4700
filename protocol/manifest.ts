/**
 * The manifest of a base: what it is, under which licence, and every file with its size and what its chunks hash to.
 * Its id is the SHA-256 of its canonical bytes, so whoever knows the id can check every byte of the base. Version 1
 * has chunks of one size and every hash in it; version 2 has the root of a tree over each file's chunks (tree.ts),
 * stays a few kB for a base of any size, and leaves the list of chunks to outline.ts. Both are read for ever.
 * Also the signatures of everything that is signed (Ed25519 through tweetnacl, RFC 8032), each kind under its own
 * domain, so that a signature on one kind of thing can never be shown for another.
 *
 * Leaves to node/base what the files mean, and to node/swarm how they travel. Rejected: hashes of whole files (a
 * wrong byte would be found only at the end).
 */
import nacl from 'tweetnacl'
import {
  decodeMessage,
  demandCanonical,
  demandId,
  demandInteger,
  demandText,
  demandVersion,
  invalid,
  sha256,
  type WireInteger,
} from './canonical.ts'
import { OppuError } from './errors.ts'
import { type BaseId, type ChunkHash, idFromBytes, idToBytes, type TreeRoot, type UserId } from './ids.ts'
import { MANIFEST_LIMITS as LIMITS } from './limits.ts'
import { oppu } from './messages.pb.js'

export type BaseFormat = 'huggingface' | 'gguf'

export interface ManifestFile {
  /** Relative POSIX path of safe names (see `isSafePath`). */
  readonly path: string
  /** Bytes. */
  readonly size: number
}

export interface FileOfHashes extends ManifestFile {
  /** SHA-256 of every chunk in order; the last chunk may be short, an empty file has none. */
  readonly chunks: readonly ChunkHash[]
}

export interface FileOfRoot extends ManifestFile {
  /** Of the tree over the file's chunks; an empty file has none. */
  readonly root: TreeRoot | undefined
  readonly chunkCount: number
}

interface ManifestHead {
  readonly name: string
  readonly format: BaseFormat
  /** As the source names it: `LlamaForCausalLM`, or GGUF's `llama`. */
  readonly architecture: string
  /** SPDX identifier where there is one. */
  readonly licence: string
}

export interface ManifestV1 extends ManifestHead {
  readonly version: 1
  /** Bytes; a power of two. */
  readonly chunkSize: number
  /** Sorted by path (plain `<` on the strings), no path twice, also when letter case is ignored. */
  readonly files: readonly FileOfHashes[]
}

export interface ManifestV2 extends ManifestHead {
  readonly version: 2
  /** Sorted as those of version 1. */
  readonly files: readonly FileOfRoot[]
}

export type BaseManifest = ManifestV1 | ManifestV2

/** Bytes that `signer` signed. Holding one proves nothing: read its content through `verifyBytes`. */
export interface Signed {
  readonly bytes: Uint8Array
  readonly signature: Uint8Array // [64]
  readonly signer: UserId
}

/** What a signature is for; part of what is signed. */
export type SignatureDomain =
  | 'manifest'
  | 'licence'
  | 'task'
  | 'report'
  | 'invitation'
  | 'members'
  | 'release'
  | 'key-change'

/** @throws OppuError INVALID_DATA when `manifest` breaks a rule or limit, naming it. */
export function encodeManifest(manifest: BaseManifest): Uint8Array {
  checkManifest(manifest)
  const { version, name, format, architecture, licence } = manifest
  const head = { version, name, format, architecture, licence }
  const message =
    manifest.version === 1
      ? { ...head, chunkSize: manifest.chunkSize, files: manifest.files.map(hashesToMessage) }
      : { ...head, files: manifest.files.map(rootToMessage) }
  const bytes = oppu.Manifest.encode(message).finish()
  if (bytes.length > LIMITS.bytes)
    throw new OppuError(
      'TOO_LARGE',
      `a manifest of ${bytes.length} bytes; at most ${LIMITS.bytes} are allowed`,
    )
  return bytes
}

/** @throws OppuError INVALID_DATA, TOO_LARGE; PROTOCOL_VIOLATION for a version this program does not know. */
export function decodeManifest(bytes: Uint8Array): BaseManifest {
  const message = decodeMessage(oppu.Manifest, bytes, LIMITS.bytes, 'a manifest')
  const { version, name, format, architecture, licence, chunkSize } = message
  if (version !== 1) demandVersion(version, 2, 'a manifest')
  if (format !== 'huggingface' && format !== 'gguf') return invalid('a manifest has an unknown format')
  const head: ManifestHead = { name, format, architecture, licence }
  const manifest: BaseManifest =
    version === 1
      ? { version, ...head, chunkSize, files: message.files.map(hashesFromMessage) }
      : { version: 2, ...head, files: message.files.map(rootFromMessage) }
  demandCanonical(bytes, encodeManifest(manifest), 'a manifest')
  return manifest
}

function hashesToMessage({ path, size, chunks }: FileOfHashes): oppu.ManifestFile.$Properties {
  return { path, size, chunks: Buffer.from(chunks.join(''), 'hex') }
}

function rootToMessage({ path, size, root, chunkCount }: FileOfRoot): oppu.ManifestFile.$Properties {
  return { path, size, chunkCount, ...(root === undefined ? {} : { root: idToBytes(root) }) }
}

function hashesFromMessage({ path, size, chunks }: oppu.ManifestFile.$Properties): FileOfHashes {
  return { path: path ?? '', size: sizeFrom(size), chunks: splitHashes(chunks ?? new Uint8Array()) }
}

function rootFromMessage({ path, size, root, chunkCount }: oppu.ManifestFile.$Properties): FileOfRoot {
  const typed = root == null || root.length === 0 ? undefined : demandId<TreeRoot>(root, "a file's root")
  return { path: path ?? '', size: sizeFrom(size), root: typed, chunkCount: chunkCount ?? 0 }
}

function sizeFrom(size: WireInteger | null | undefined): number {
  return demandInteger(size ?? 0, 0, LIMITS.totalBytes, "a file's size")
}

/** SHA-256 of the canonical bytes. @throws as `encodeManifest`. */
export function baseId(manifest: BaseManifest): BaseId {
  return idFromBytes<BaseId>(sha256(encodeManifest(manifest)))
}

/** SHA-256 of one chunk's bytes. */
export function chunkHash(bytes: Uint8Array): ChunkHash {
  return idFromBytes<ChunkHash>(sha256(bytes))
}

/** Bytes of all files together. */
export function baseBytes(manifest: BaseManifest): number {
  return manifest.files.reduce((sum, file) => sum + file.size, 0)
}

/**
 * True for a relative path of plain names (ASCII letters, digits, `._+@=-`; not starting with a dot or hyphen, not
 * ending in a dot, no Windows device) that means the same file inside a folder on every system.
 */
export function isSafePath(path: string): boolean {
  if (path.length === 0 || path.length > LIMITS.path) return false
  return path
    .split('/')
    .every(
      name => /^[A-Za-z0-9_+@=][A-Za-z0-9._+@=-]*$/.test(name) && !name.endsWith('.') && !DEVICE.test(name),
    )
}

const DEVICE = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i

function checkManifest(manifest: BaseManifest): void {
  if (manifest.version !== 1) demandVersion(manifest.version, 2, 'a manifest')
  demandText(manifest.name, LIMITS.text, "a base's name")
  demandText(manifest.architecture, LIMITS.text, "a base's architecture")
  demandText(manifest.licence, LIMITS.text, "a base's licence")
  checkFiles(manifest.files)
  if (manifest.version === 1) checkHashes(manifest)
  else checkRoots(manifest)
}

function checkFiles(files: readonly ManifestFile[]): void {
  demandInteger(files.length, 1, LIMITS.files, 'the number of files')
  const seen = new Set<string>()
  let previous = ''
  let total = 0
  for (const file of files) {
    if (!isSafePath(file.path))
      invalid(`a manifest names an unsafe path: ${JSON.stringify(file.path.slice(0, 80))}`)
    if (file.path <= previous) invalid("a manifest's files must be sorted by path, each once")
    const key = file.path.toLowerCase()
    if (seen.has(key)) invalid(`two paths differ only in letter case: ${file.path}`)
    seen.add(key)
    previous = file.path
    total += demandInteger(file.size, 0, LIMITS.totalBytes, `the size of ${file.path}`)
  }
  for (const path of seen) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      if (seen.has(path.slice(0, slash))) invalid(`${path.slice(0, slash)} is both a file and a folder`)
    }
  }
  demandInteger(total, 1, LIMITS.totalBytes, 'the size of all files')
}

function checkHashes({ chunkSize, files }: ManifestV1): void {
  demandInteger(chunkSize, LIMITS.minimumChunk, LIMITS.maximumChunk, 'a chunk size')
  if ((chunkSize & (chunkSize - 1)) !== 0) invalid('a chunk size must be a power of two')
  for (const { path, size, chunks } of files)
    if (chunks.length !== Math.ceil(size / chunkSize))
      invalid(`${path} has ${chunks.length} chunk hashes for ${size} bytes`)
}

function checkRoots({ files }: ManifestV2): void {
  let total = 0
  for (const { path, size, root, chunkCount } of files) {
    const [least, most] = [Math.ceil(size / LIMITS.maximumChunk), Math.ceil(size / LIMITS.minimumChunk)]
    total += demandInteger(chunkCount, least, most, `the number of chunks of ${path}`)
    if ((root === undefined) !== (size === 0)) invalid(`${path} has a root exactly when it has bytes`)
  }
  demandInteger(total, 1, LIMITS.chunks, 'the number of chunks of all files')
}

function splitHashes(bytes: Uint8Array): ChunkHash[] {
  if (bytes.length % 32 !== 0) invalid("a file's chunk hashes are not a multiple of 32 bytes")
  const hashes: ChunkHash[] = []
  for (let offset = 0; offset < bytes.length; offset += 32)
    hashes.push(idFromBytes<ChunkHash>(bytes.subarray(offset, offset + 32)))
  return hashes
}

/** The public identity of a 32-byte Ed25519 seed. */
export function userIdFromSeed(seed: Uint8Array): UserId {
  return idFromBytes<UserId>(nacl.sign.keyPair.fromSeed(seed).publicKey)
}

/** Signs `bytes` for `domain` with the key of a 32-byte seed; RFC 8032, deterministic. */
export function signBytes(domain: SignatureDomain, bytes: Uint8Array, seed: Uint8Array): Signed {
  const { secretKey, publicKey } = nacl.sign.keyPair.fromSeed(seed)
  return {
    bytes,
    signature: nacl.sign.detached(inDomain(domain, bytes), secretKey),
    signer: idFromBytes<UserId>(publicKey),
  }
}

/**
 * Returns the signed bytes when they carry a good signature for `domain` and, where `signer` is given, that very
 * key signed them. @throws OppuError BAD_SIGNATURE otherwise.
 */
export function verifyBytes(domain: SignatureDomain, signed: Signed, signer?: UserId): Uint8Array {
  if (signer !== undefined && signed.signer !== signer) {
    throw new OppuError('BAD_SIGNATURE', `a ${domain} is signed by ${signed.signer}, not by ${signer}`)
  }
  const { bytes, signature } = signed
  const good =
    signature.length === 64 &&
    nacl.sign.detached.verify(inDomain(domain, bytes), signature, idToBytes(signed.signer))
  if (!good) throw new OppuError('BAD_SIGNATURE', `a ${domain} has a signature that does not hold`)
  return bytes
}

function inDomain(domain: SignatureDomain, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`oppu/1/${domain}\n`), bytes])
}

/** Signs the text of a base's licence, bound to the base. */
export function signLicence(id: BaseId, text: string, seed: Uint8Array): Signed {
  return signBytes('licence', Buffer.concat([idToBytes(id), Buffer.from(text)]), seed)
}

/** The text of the licence of base `id`. @throws OppuError BAD_SIGNATURE when it is not `signer`'s for that base. */
export function openLicence(id: BaseId, signed: Signed, signer: UserId): string {
  const bytes = verifyBytes('licence', signed, signer)
  if (bytes.length < 32 || idFromBytes<BaseId>(bytes.subarray(0, 32)) !== id) {
    throw new OppuError('BAD_SIGNATURE', 'a licence was signed for another base')
  }
  return new TextDecoder().decode(bytes.subarray(32))
}

export function encodeSigned(signed: Signed): Uint8Array {
  return oppu.SignedBytes.encode(signedToMessage(signed)).finish()
}

/** The envelope as part of another message. */
export function signedToMessage({ bytes, signature, signer }: Signed): oppu.SignedBytes.$Properties {
  return { bytes, signature, signer: idToBytes(signer) }
}

/** Reads an envelope; the signature is not checked here. @throws OppuError INVALID_DATA, TOO_LARGE. */
export function decodeSigned(bytes: Uint8Array, limit: number): Signed {
  return signedFromMessage(decodeMessage(oppu.SignedBytes, bytes, limit + 256, 'a signed message'))
}

/** Types an envelope inside another message. @throws OppuError INVALID_DATA. */
export function signedFromMessage(message: oppu.SignedBytes.$Properties | null | undefined): Signed {
  const { bytes, signature, signer } = message ?? {}
  if (bytes == null || signature?.length !== 64 || signer?.length !== 32)
    return invalid('a signed message lacks its bytes, signature or signer')
  return { bytes, signature, signer: idFromBytes<UserId>(signer) }
}
