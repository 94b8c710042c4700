/**
 * What makes two runs the same run: base, method, configuration and items. A checkpoint carries it and is refused by any
 * other run, naming what differs; its hash names the checkpoint's place, so that the same command finds it again.
 *
 * Not part of it: device, threads, what is computed anew and how often a checkpoint is made, which change nothing that is
 * asked for. (Another device or number of threads rounds differently, so only the same gives the same bits.)
 */
import { createHash } from 'node:crypto'
import { OppuError } from '../../protocol/errors.ts'
import type { BaseId } from '../../protocol/ids.ts'
import type { Example } from '../model/batch.ts'
import type { TrainConfig } from './config.ts'

type Options = Readonly<Record<string, unknown>>

export interface RunIdentity {
  readonly base: string
  readonly method: string
  readonly methodConfig: Options
  readonly config: Options
  /** SHA-256 of the items, hex. */
  readonly items: string
  /** Of the validation items; empty where there are none. */
  readonly validation: string
}

export function identifyRun(run: {
  readonly base: BaseId
  readonly method: string
  readonly methodConfig: Options
  readonly config: TrainConfig
  readonly items: readonly Example[]
  readonly validation: readonly Example[]
}): RunIdentity {
  const { base, method, methodConfig, items, validation } = run
  const { checkpointEvery: _, recompute: __, ...config } = run.config
  return {
    base,
    method,
    methodConfig,
    config,
    items: digestOf(items),
    validation: validation.length === 0 ? '' : digestOf(validation),
  }
}

/** 64 hex digits: the name of a run. */
export function runId(identity: RunIdentity): string {
  const { base, method, methodConfig, config, items, validation } = identity
  return createHash('sha256')
    .update(JSON.stringify([1, base, method, sorted(methodConfig), sorted(config), items, validation]))
    .digest('hex')
}

/**
 * Refuses to go on with a checkpoint of another run.
 * @throws OppuError BASE_MISMATCH for another base, INVALID_ARGUMENT naming what else differs.
 */
export function demandSameRun(now: RunIdentity, then: RunIdentity): void {
  if (runId(now) === runId(then)) return
  if (now.base !== then.base)
    throw new OppuError('BASE_MISMATCH', `the checkpoint is of a run on base ${then.base}, not ${now.base}`)
  throw new OppuError(
    'INVALID_ARGUMENT',
    `the checkpoint is of another run: ${differences(now, then).join(', ')}`,
  )
}

function differences(now: RunIdentity, then: RunIdentity): string[] {
  if (now.method !== then.method) return [`method ${then.method}, not ${now.method}`]
  const found: string[] = []
  for (const key of ['methodConfig', 'config'] as const) {
    for (const option of new Set([...Object.keys(now[key]), ...Object.keys(then[key])])) {
      const [here, there] = [JSON.stringify(now[key][option]), JSON.stringify(then[key][option])]
      if (here !== there) found.push(`${option} ${there}, not ${here}`)
    }
  }
  if (now.items !== then.items) found.push('other items')
  if (now.validation !== then.validation) found.push('other validation items')
  return found
}

/** Over ids and tokens with their lengths, in order. */
function digestOf(items: readonly Example[]): string {
  const hash = createHash('sha256')
  for (const { id, prompt, completion } of items) {
    hash.update(JSON.stringify(id))
    hash.update(Int32Array.from([prompt.length, completion.length, ...prompt, ...completion]))
  }
  return hash.digest('hex')
}

function sorted(options: Options): unknown {
  return Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))
}
