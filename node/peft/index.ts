/** The methods by name, and reading an adapter back. */
import type { AdapterManifest } from '../../protocol/adapter.ts'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { type BaseId, shortId } from '../../protocol/ids.ts'
import type { ModelConfig } from '../model/config.ts'
import { readSafetensors } from '../model/safetensors.ts'
import {
  type AdapterConfig,
  type AdapterMethod,
  BASE_KEY,
  checkTensors,
  type LoadedAdapter,
} from './adapter.ts'
import { dora } from './dora.ts'
import { type Front, NO_FRONT } from './front.ts'
import { full } from './full.ts'
import { ia3, ia3Places } from './ia3.ts'
import { lora } from './lora.ts'
import type { Method } from './method.ts'
import { decodePeftConfig, type PeftFields, shown } from './peft-config.ts'
import { prefixTuning } from './prefix-tuning.ts'
import { promptTuning, virtualIds } from './prompt-tuning.ts'
import { targetPlaces } from './targets.ts'

export type { LoadedAdapter } from './adapter.ts'

/** Methods whose result is an adapter. */
export const adapterMethods = {
  lora,
  dora,
  ia3,
  'prompt-tuning': promptTuning,
  'prefix-tuning': prefixTuning,
} as const satisfies Record<AdapterConfig['method'], AdapterMethod>
export type AdapterMethodName = keyof typeof adapterMethods

export const methods = { ...adapterMethods, full } as const satisfies Record<string, Method>
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
  if (manifest !== undefined && !Object.hasOwn(adapterMethods, manifest.method))
    throw new OppuError(
      'INVALID_DATA',
      `the adapter was made by method ${shown(manifest.method)}; only those of ${Object.keys(adapterMethods).join(', ')} can be put on a base`,
    )
  const fields = decodePeftConfig(fileOf(files, 'adapter_config.json'))
  const { config, shapes } = methodOf(fields).read(fields, base.config)
  if (manifest !== undefined && manifest.method !== config.method)
    throw new OppuError(
      'CORRUPT_ADAPTER',
      `the adapter's manifest says it was made by ${manifest.method}, its configuration by ${config.method}`,
    )
  const { tensors, metadata } = readTensors(fileOf(files, 'adapter_model.safetensors'))
  const noted = metadata.get(BASE_KEY)
  if (noted !== undefined) checkBase(noted, base.id)
  else if (manifest === undefined && options.acceptUnbound !== true) {
    throw new OppuError('CORRUPT_ADAPTER', 'the adapter does not say which base it was made for')
  }
  checkTensors(shapes, tensors)
  return { config, tensors }
}

/** The method by which PEFT's `peft_type` goes. @throws OppuError INVALID_DATA */
function methodOf(fields: PeftFields): AdapterMethod {
  switch (fields.peft_type) {
    case 'LORA':
      return fields.use_dora === true ? dora : lora
    case 'IA3':
      return ia3
    case 'PROMPT_TUNING':
      return promptTuning
    case 'PREFIX_TUNING':
      return prefixTuning
    default:
      throw new OppuError('INVALID_DATA', `adapters of type ${shown(fields.peft_type)} are not supported`)
  }
}

/** The places that an adapter works on, which its session must have. */
export function placesOf(model: ModelConfig, config: AdapterConfig): readonly string[] {
  switch (config.method) {
    case 'lora':
    case 'dora':
      return targetPlaces(model, config.targets)
    case 'ia3':
      return ia3Places(model, config)
    case 'prompt-tuning':
    case 'prefix-tuning':
      return []
  }
}

/** What an adapter puts in front of every sequence; without one, nothing. */
export function frontOf(model: ModelConfig, config: AdapterConfig | undefined): Front {
  switch (config?.method) {
    case 'prompt-tuning':
      return { virtualIds: virtualIds(model, config.virtualTokens), prefixTokens: 0 }
    case 'prefix-tuning':
      return { virtualIds: [], prefixTokens: config.virtualTokens }
    default:
      return NO_FRONT
  }
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
