/**
 * The manifest of an adapter: which base it belongs to, how it was made, and the shapes of its tensors. It travels
 * only inside a sealed adapter and never to a coordinator. The files beside it are PEFT's, which node/peft reads and
 * writes.
 */
import {
  canonicalJson,
  decodeMessage,
  demandCanonical,
  demandId,
  demandInteger,
  demandText,
  demandTime,
  demandVersion,
  invalid,
  type Json,
  parseJson,
  sha256,
} from './canonical.ts'
import { OppuError } from './errors.ts'
import { type AdapterId, type BaseId, idFromBytes, idToBytes } from './ids.ts'
import { ADAPTER_LIMITS as LIMITS } from './limits.ts'
import { oppu } from './messages.pb.js'

export interface AdapterTensorShape {
  /** Name in the safetensors file. */
  readonly name: string
  readonly shape: readonly number[]
}

export interface AdapterManifest {
  readonly version: 1
  readonly baseId: BaseId
  /** Name of the method that made it (`lora`, `full`). */
  readonly method: string
  /** The method's and the training's configuration: all that is needed to make it again. */
  readonly config: { readonly [key: string]: Json }
  /** Sorted by name, each once. */
  readonly tensors: readonly AdapterTensorShape[]
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly trainedItems: number
}

/** Canonical bytes. @throws OppuError INVALID_DATA, TOO_LARGE when a rule or limit is broken. */
export function encodeAdapterManifest(manifest: AdapterManifest): Uint8Array {
  demandVersion(manifest.version, 1, 'an adapter manifest')
  demandText(manifest.method, LIMITS.text, "an adapter's method")
  demandInteger(manifest.tensors.length, 1, LIMITS.tensors, 'the number of tensors')
  let previous = ''
  for (const { name, shape } of manifest.tensors) {
    demandText(name, LIMITS.text, "a tensor's name")
    if (name <= previous) invalid("an adapter's tensors must be sorted by name, each once")
    previous = name
    if (shape.length > LIMITS.rank) invalid(`${name} has more than ${LIMITS.rank} dimensions`)
    for (const size of shape) demandInteger(size, 1, 2 ** 31, `a dimension of ${name}`)
  }
  const config = canonicalJson(manifest.config)
  if (config.length > LIMITS.configuration)
    throw new OppuError('TOO_LARGE', `an adapter's configuration has ${config.length} characters`)
  const bytes = oppu.Adapter.encode({
    version: 1,
    baseId: idToBytes(manifest.baseId),
    method: manifest.method,
    config,
    tensors: manifest.tensors.map(({ name, shape }) => ({ name, shape: [...shape] })),
    createdAt: demandTime(manifest.createdAt, "an adapter's date"),
    trainedItems: demandInteger(manifest.trainedItems, 0, Number.MAX_SAFE_INTEGER, "an adapter's item count"),
  }).finish()
  if (bytes.length > LIMITS.bytes)
    throw new OppuError('TOO_LARGE', `an adapter manifest of ${bytes.length} bytes`)
  return bytes
}

/** @throws OppuError INVALID_DATA, TOO_LARGE; PROTOCOL_VIOLATION for an unknown version. */
export function decodeAdapterManifest(bytes: Uint8Array): AdapterManifest {
  const message = decodeMessage(oppu.Adapter, bytes, LIMITS.bytes, 'an adapter manifest')
  demandVersion(message.version, 1, 'an adapter manifest')
  const config = parseJson(message.config, "an adapter's configuration")
  if (config === null || typeof config !== 'object' || Array.isArray(config))
    invalid("an adapter's configuration is not an object")
  const manifest: AdapterManifest = {
    version: 1,
    baseId: demandId<BaseId>(message.baseId, "an adapter's base id"),
    method: message.method,
    config: config as { readonly [key: string]: Json },
    tensors: message.tensors.map(({ name, shape }) => ({
      name: name ?? '',
      shape: (shape ?? []).map(size => demandInteger(size, 1, 2 ** 31, 'a dimension')),
    })),
    createdAt: demandTime(message.createdAt, "an adapter's date"),
    trainedItems: demandInteger(message.trainedItems, 0, Number.MAX_SAFE_INTEGER, "an adapter's item count"),
  }
  demandCanonical(bytes, encodeAdapterManifest(manifest), 'an adapter manifest')
  return manifest
}

/**
 * SHA-256 over the SHA-256 of the canonical manifest and, for each file in the order of names, that of its name and that
 * of its bytes: an adapter with any of it changed is another adapter. @throws as `encodeAdapterManifest`.
 */
export function adapterId(manifest: AdapterManifest, files: ReadonlyMap<string, Uint8Array>): AdapterId {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1))
  const digests = sorted.flatMap(([name, bytes]) => [sha256(Buffer.from(name)), sha256(bytes)])
  return idFromBytes<AdapterId>(sha256(sha256(encodeAdapterManifest(manifest)), ...digests))
}
