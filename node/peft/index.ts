/** The methods by name, and reading an adapter back. */
import type { AdapterManifest } from '../../protocol/adapter.ts'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { type BaseId, shortId } from '../../protocol/ids.ts'
import type { ModelConfig } from '../model/config.ts'
import { readSafetensors } from '../model/safetensors.ts'
import { decodeAdapterConfig } from './adapter-config.ts'
import { full } from './full.ts'
import { BASE_KEY, checkLora, type LoadedAdapter, lora } from './lora.ts'
import type { Method } from './method.ts'

export type { LoadedAdapter } from './lora.ts'

export const methods = { lora, full } as const satisfies Record<string, Method>
export type MethodName = keyof typeof methods

/** @throws OppuError INVALID_ARGUMENT for a name that is no method. */
export function parseMethodName(name: string): MethodName {
  if (!Object.hasOwn(methods, name))
    throw new OppuError(
      'INVALID_ARGUMENT',
      `no method ${JSON.stringify(name)}; there are ${Object.keys(methods).join(', ')}`,
    )
  return name as MethodName
}

/**
 * Reads an adapter from PEFT's two files and checks that it was made for this base.
 *
 * The base is the manifest's, else the one noted in the safetensors metadata. An adapter from another program
 * bears neither, and is taken only with `acceptUnbound`: shapes are then all that is checked.
 * @throws OppuError BASE_MISMATCH naming both bases; CORRUPT_ADAPTER; INVALID_DATA for a kind of adapter we do not compute.
 */
export function loadAdapter(
  files: ReadonlyMap<string, Uint8Array>,
  base: { readonly id: BaseId; readonly config: ModelConfig },
  options: { readonly manifest?: AdapterManifest; readonly acceptUnbound?: boolean } = {},
): LoadedAdapter {
  const { manifest } = options
  if (manifest !== undefined) checkBase(manifest.baseId, base.id)
  if (manifest !== undefined && manifest.method !== 'lora')
    throw new OppuError(
      'INVALID_DATA',
      `the adapter was made by method ${manifest.method}; only those of method lora can be put on a base`,
    )
  const config = decodeAdapterConfig(fileOf(files, 'adapter_config.json'))
  const { tensors, metadata } = readTensors(fileOf(files, 'adapter_model.safetensors'))
  const noted = metadata.get(BASE_KEY)
  if (noted !== undefined) checkBase(noted, base.id)
  else if (manifest === undefined && options.acceptUnbound !== true) {
    throw new OppuError('CORRUPT_ADAPTER', 'the adapter does not say which base it was made for')
  }
  const adapter = { config, tensors }
  checkLora(base.config, adapter)
  return adapter
}

function checkBase(wanted: string, base: BaseId): void {
  if (wanted === base) return
  throw new OppuError(
    'BASE_MISMATCH',
    `the adapter was made for base ${shortId(wanted as BaseId)} and cannot be used on base ${shortId(base)} (${wanted.slice(0, 64)}, ${base})`,
  )
}

function readTensors(file: Uint8Array): ReturnType<typeof readSafetensors> {
  try {
    return readSafetensors(file)
  } catch (cause) {
    if (!isOppuError(cause)) throw cause
    throw new OppuError('CORRUPT_ADAPTER', cause.message, { cause })
  }
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const file = files.get(name)
  if (file === undefined) throw new OppuError('CORRUPT_ADAPTER', `the adapter lacks its ${name}`)
  return file
}
