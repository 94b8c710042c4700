/**
 * A trainer's state as bytes:
 *
 *      7  "oppurun"
 *      1  version, 1
 *     32  SHA-256 of what follows
 *         a safetensors file: tensors `parameter/NAME`, `optimizer/KIND/NAME`, `best/NAME`; metadata `state`, JSON of the rest
 *
 * The hash tells damage, and no more: sealing is store/'s business (checkpoints.ts). Whether a state belongs to a run is
 * for `train` to say (run-identity.ts).
 */
import { createHash } from 'node:crypto'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { type NamedTensor, readSafetensors, writeSafetensors } from '../model/safetensors.ts'
import { TRAIN_SCHEMA } from './config.ts'
import type { Tensors } from './optimizer.ts'
import type { Precision } from './precision.ts'
import type { RunIdentity } from './run-identity.ts'
import type { CurvePoint, TrainerState } from './state.ts'

const MAGIC = Buffer.from('oppurun', 'latin1')
const VERSION = 1
const HASH_BYTES = 32
const HEADER_BYTES = MAGIC.length + 1 + HASH_BYTES

/** The same state, the same bytes. */
export function encodeTrainerState(state: TrainerState): Uint8Array {
  const { run, precision, step, tokens, parameters, optimizer, curve, validation } = state
  const { best, ...measured } = validation ?? {}
  const named = new Map<string, { shape: number[]; data: Float32Array }>()
  const add = (kind: string, tensors: Tensors) => {
    for (const [name, data] of tensors) named.set(`${kind}/${name}`, { shape: [data.length], data })
  }
  add('parameter', parameters)
  add('optimizer', optimizer.tensors)
  if (best !== undefined) add('best', best)
  const rest = {
    run,
    precision,
    step,
    tokens,
    updates: optimizer.step,
    curve: curve.map(point => [
      point.loss,
      point.learningRate,
      point.gradientNorm,
      point.validationLoss ?? null,
    ]),
    ...(validation === undefined ? {} : { validation: measured }),
  }
  const body = writeSafetensors(named, { state: JSON.stringify(rest) })
  const hash = createHash('sha256').update(body).digest()
  return Buffer.concat([MAGIC, Uint8Array.of(VERSION), hash, body])
}

/** @throws OppuError INVALID_DATA when it is damaged, cut off, of another version or with fields that it does not know. */
export function decodeTrainerState(bytes: Uint8Array): TrainerState {
  if (bytes.length < HEADER_BYTES || !MAGIC.equals(bytes.subarray(0, MAGIC.length)))
    throw invalid('it is none')
  const version = bytes[MAGIC.length]
  if (version !== VERSION) throw invalid(`its version is ${version}, and this program knows ${VERSION}`)
  const body = bytes.subarray(HEADER_BYTES)
  const hash = createHash('sha256').update(body).digest()
  if (!hash.equals(bytes.subarray(HEADER_BYTES - HASH_BYTES, HEADER_BYTES)))
    throw invalid('it is damaged or cut off')
  try {
    const { tensors, metadata } = readSafetensors(body)
    return parseState(JSON.parse(metadata.get('state') ?? ''), tensors)
  } catch (error) {
    if (isOppuError(error)) throw error
    throw invalid('its fields cannot be read', error)
  }
}

function parseState(value: unknown, tensors: ReadonlyMap<string, NamedTensor>): TrainerState {
  const names = ['run', 'precision', 'step', 'tokens', 'updates', 'curve']
  const validated = typeof value === 'object' && value !== null && 'validation' in value
  const fields = fieldsOf(value, validated ? [...names, 'validation'] : names)
  const kinds = { parameter: new Map(), optimizer: new Map(), best: new Map() }
  for (const [name, { data }] of tensors) {
    const [kind, rest] = splitOnce(name)
    if (!Object.hasOwn(kinds, kind) || rest === '') throw invalid(`it holds a tensor ${JSON.stringify(name)}`)
    kinds[kind as keyof typeof kinds].set(rest, data)
  }
  if (!validated && kinds.best.size > 0) throw invalid('it holds best values without a measurement')
  const step = countOf(fields.step)
  const curve = parseCurve(fields.curve)
  if (curve.length !== step) throw invalid(`its curve has ${curve.length} points for ${step} updates`)
  return {
    run: parseRun(fields.run),
    precision: parsePrecision(fields.precision),
    step,
    tokens: countOf(fields.tokens),
    parameters: kinds.parameter,
    optimizer: { step: countOf(fields.updates), tensors: kinds.optimizer },
    curve,
    ...(validated ? { validation: { ...parseMeasured(fields.validation), best: kinds.best } } : {}),
  }
}

function parsePrecision(value: unknown): Precision {
  const precision = TRAIN_SCHEMA.precision.parse(value)
  if (precision === undefined || precision === 'auto') throw invalid('its precision is unknown')
  return precision
}

function parseRun(value: unknown): RunIdentity {
  const { base, method, methodConfig, config, items, validation } = fieldsOf(value, [
    'base',
    'method',
    'methodConfig',
    'config',
    'items',
    'validation',
  ])
  return {
    base: textOf(base),
    method: textOf(method),
    methodConfig: objectOf(methodConfig),
    config: objectOf(config),
    items: textOf(items),
    validation: textOf(validation),
  }
}

function parseMeasured(value: unknown) {
  const fields = fieldsOf(value, ['initialLoss', 'bestLoss', 'bestStep', 'since'])
  return {
    initialLoss: numberOf(fields.initialLoss),
    bestLoss: numberOf(fields.bestLoss),
    bestStep: countOf(fields.bestStep),
    since: countOf(fields.since),
  }
}

function parseCurve(value: unknown): CurvePoint[] {
  if (!Array.isArray(value)) throw invalid('its curve is no list')
  return value.map((point: unknown, index) => {
    if (!Array.isArray(point) || point.length !== 4)
      throw invalid('a point of its curve has not four numbers')
    const [loss, learningRate, gradientNorm, validationLoss] = point as unknown[]
    return {
      step: index + 1,
      loss: numberOf(loss),
      learningRate: numberOf(learningRate),
      gradientNorm: numberOf(gradientNorm),
      ...(validationLoss === null ? {} : { validationLoss: numberOf(validationLoss) }),
    }
  })
}

/** The fields of an object that has exactly these. */
function fieldsOf<Name extends string>(value: unknown, names: readonly Name[]): Record<Name, unknown> {
  const object = objectOf(value)
  if (Object.keys(object).sort().join() !== [...names].sort().join())
    throw invalid(`its fields are ${Object.keys(object).join(', ').slice(0, 200)}`)
  return object as Record<Name, unknown>
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('a field is no object')
  return value as Readonly<Record<string, unknown>>
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw invalid('a field is no text')
  return value
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw invalid('a field is no number')
  return value
}

function countOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw invalid('a field is no count')
  return value as number
}

function splitOnce(name: string): [string, string] {
  const at = name.indexOf('/')
  return at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 1)]
}

function invalid(why: string, cause?: unknown): OppuError {
  return new OppuError('INVALID_DATA', `the state of a training run cannot be used: ${why}`, { cause })
}
