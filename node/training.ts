/**
 * A planned run carried out: the trainer's steps, sealed checkpoints beside them, and at the end the measurement that
 * decides whether the new adapter is used (`eval/measure.ts` has the rule).
 *
 * An adapter is stored once it is measured. A process that ends before that leaves the run's last checkpoint, from which
 * the same run goes on, if need be to measure only.
 */
import { isOppuError } from '../protocol/errors.ts'
import type { AdapterId } from '../protocol/ids.ts'
import type { OpenedBase } from './base/open.ts'
import { judge, measure } from './eval/measure.ts'
import type { DeviceAccount } from './graph/session.ts'
import { loadAdapter } from './peft/index.ts'
import type { PlannedRun, RunPlan } from './planning.ts'
import { type Measured, VERDICTS, type Verdict } from './store/adapter-record.ts'
import type { Adapters } from './store/adapters.ts'
import type { Checkpoints } from './store/checkpoints.ts'
import type { Runs } from './store/runs.ts'
import { estimateRun, type RunEstimate } from './train/estimate.ts'
import { Plan } from './train/plan.ts'
import { prepareRun } from './train/run.ts'
import {
  decodeTrainerState,
  encodeTrainerState,
  type TrainedAdapter,
  type TrainerState,
  type TrainStep,
  train,
} from './train/trainer.ts'

export interface TrainReport extends RunPlan {
  readonly adapter: AdapterId
  /** Where it was computed; absent where an earlier sitting had done every step. */
  readonly device?: DeviceAccount
  /** Items trained on, new and older ones; fewer than planned where the run ended before it had seen all. */
  readonly trained: number
  readonly steps: number
  /** Updates that were done in an earlier sitting. */
  readonly resumedAt?: number
  readonly stopped: TrainedAdapter['stopped']
  /** The update that the adapter is of. */
  readonly bestStep: number
  /** Of the last step. */
  readonly loss: number
  readonly tokensPerSecond: number
  readonly seconds: number
  /** Size of the sealed file. */
  readonly bytes: number
  /** Absent where no step was an improvement, or nothing that is held out fits the base. */
  readonly measured?: Measured
  readonly verdict: Verdict
  /** The adapter in use now; absent: the base alone. */
  readonly inUse?: AdapterId
}

export interface RunParts {
  readonly adapters: Adapters
  readonly checkpoints: Checkpoints
  readonly runs: Runs
  readonly base: OpenedBase
}

export interface RunOptions {
  /** Go on from a checkpoint where there is one. Default: true. */
  readonly resume?: boolean
  readonly onNote?: (text: string) => void
}

/** What the run is going to take, or what is left of it where it was cut short. Stores nothing. @throws as estimateRun() */
export async function estimate(
  planned: PlannedRun,
  { checkpoints }: Pick<RunParts, 'checkpoints'>,
  { resume = true }: RunOptions = {},
): Promise<RunEstimate> {
  const found = resume ? await checkpoints.get(planned.id) : undefined
  let state: TrainerState | undefined
  try {
    if (found !== undefined) state = decodeTrainerState(found.content)
  } catch (error) {
    if (!isOppuError(error, 'INVALID_DATA')) throw error // the run would start over, too
  }
  return await estimateRun({ ...planned.options, ...(state === undefined ? {} : { resume: state }) })
}

/** @throws OppuError those of `train` and `measure`, DISK_FULL; the signal's reason. */
export async function* carryOut(
  planned: PlannedRun,
  parts: RunParts,
  { resume = true, onNote = () => {} }: RunOptions = {},
): AsyncGenerator<TrainStep, TrainReport> {
  const started = Date.now()
  const { adapters } = parts
  const checkpoints = new RunCheckpoints(planned, parts, onNote)
  const state = resume ? await checkpoints.find() : undefined
  if (!resume) await parts.checkpoints.remove(planned.id)
  const steps = train({ ...planned.options, ...(state === undefined ? {} : { resume: state }) })
  let device: DeviceAccount | undefined
  let trained: TrainedAdapter | undefined
  try {
    while (trained === undefined) {
      const next = await steps.next()
      if (next.done) {
        trained = next.value
        continue
      }
      device ??= next.value.device
      if (next.value.checkpointDue) await checkpoints.put(next.value)
      yield next.value
    }
  } catch (error) {
    checkpoints.tell(error)
    throw error
  } finally {
    await steps.return(undefined as never)
  }
  const { manifest, files, curve, bestStep } = trained
  const seen = itemsSeen(planned, bestStep)
  const { measured, verdict } = await judged(planned, trained, parts, onNote)
  const used = VERDICTS[verdict].isUsed
  const record = await adapters.put(
    { manifest, files },
    {
      curve,
      itemIds: [...new Set([...planned.pastIds, ...seen])],
      validationIds: planned.lot.validation.map(({ id }) => id),
      lineage: planned.lineage,
      ...(planned.slot.only === undefined ? {} : { only: planned.slot.only }),
      ...(measured === undefined ? {} : { measured }),
      verdict,
      run: planned.id,
      use: used,
    },
  )
  await checkpoints.done()
  const current = used ? record : planned.rival?.record
  return {
    ...planned.plan,
    adapter: record.id,
    ...(device === undefined ? {} : { device }),
    trained: seen.size,
    steps: curve.length,
    ...(state === undefined ? {} : { resumedAt: state.step }),
    stopped: trained.stopped,
    bestStep,
    loss: curve.at(-1)!.loss,
    tokensPerSecond: trained.tokensPerSecond,
    seconds: (Date.now() - started) / 1000,
    bytes: await adapters.sealedBytes(record.id),
    ...(measured === undefined ? {} : { measured }),
    verdict,
    ...(current === undefined ? {} : { inUse: current.id }),
  }
}

/** Checkpoints of one run, and what becomes of those of others. */
class RunCheckpoints {
  readonly #planned: PlannedRun
  readonly #parts: RunParts
  readonly #onNote: (text: string) => void
  #isUnderWay = false
  /** The newest that there is. */
  #step: number | undefined

  constructor(planned: PlannedRun, parts: RunParts, onNote: (text: string) => void) {
    this.#planned = planned
    this.#parts = parts
    this.#onNote = onNote
  }

  /** The newest that can be used; tells what it found. Those of no run under way are litter, and go. */
  async find(): Promise<TrainerState | undefined> {
    const { checkpoints, runs } = this.#parts
    const { id, slot } = this.#planned
    const underWay = await runs.list()
    for (const { run } of await checkpoints.list())
      if (run !== id && !underWay.has(run)) await checkpoints.remove(run)
    const found = await checkpoints.get(id)
    for (const { step, error } of found?.damaged ?? [])
      this.#onNote(`the checkpoint of step ${step} cannot be used (${error.message})`)
    if (found !== undefined) {
      try {
        const state = decodeTrainerState(found.content)
        this.#step = state.step
        this.#onNote(`going on from the checkpoint of step ${state.step} (--no-resume starts over)`)
        return state
      } catch (error) {
        if (!isOppuError(error, 'INVALID_DATA')) throw error
        this.#onNote(`the checkpoint cannot be used, the run starts over (${error.message})`)
      }
    }
    const other = await runs.get(slot)
    if (other !== undefined && other !== id)
      this.#onNote(
        'a run with other items or settings was cut short; its checkpoint is kept until this one has one of its own',
      )
    return undefined
  }

  async put(step: TrainStep): Promise<void> {
    const { checkpoints, runs } = this.#parts
    const { id, slot } = this.#planned
    await checkpoints.put(id, step.step, encodeTrainerState(step.state()))
    this.#step = step.step
    if (this.#isUnderWay) return
    const other = await runs.get(slot)
    if (other !== id) await runs.put(slot, id)
    if (other !== undefined && other !== id) await checkpoints.remove(other)
    this.#isUnderWay = true
  }

  /** Says what a run leaves behind that was cut short by `error`. One that diverged would only do so again. */
  tell(error: unknown): void {
    if (this.#step === undefined || isOppuError(error, 'DIVERGED')) return
    this.#onNote(`cut short; the same command goes on from the checkpoint of step ${this.#step}`)
  }

  /** The adapter is stored: whatever else was begun in its slot is given up. */
  async done(): Promise<void> {
    const { checkpoints, runs } = this.#parts
    const { id, slot } = this.#planned
    const other = await runs.get(slot)
    await runs.remove(slot)
    if (other !== undefined) await checkpoints.remove(other)
    await checkpoints.remove(id)
  }
}

/** The ids of the items that the adapter is made of: those of its updates. A short run does not come to see all. */
function itemsSeen({ options }: PlannedRun, bestStep: number): ReadonlySet<string> {
  const { items, config } = prepareRun(options)
  const plan = new Plan(items.length, config)
  const seen = new Set<string>()
  for (let step = 0; step < bestStep && seen.size < items.length; step++)
    for (const index of plan.itemsOf(step)) seen.add(items[index]!.id)
  return seen
}

/** What the new adapter is worth, and whether it is used. */
async function judged(
  { lot, options, rival }: PlannedRun,
  { files, manifest, bestStep }: TrainedAdapter,
  { base }: RunParts,
  onNote: (text: string) => void,
): Promise<{ readonly measured?: Measured; readonly verdict: Verdict }> {
  if (bestStep === 0) return { verdict: 'unimproved' }
  // A fresh start may have kept back items that the adapter in use was trained on: it cannot be measured on those.
  const seen = new Set(rival === undefined ? [] : [...rival.record.itemIds, ...rival.record.validationIds])
  const fair = lot.heldOut.filter(({ id }) => !seen.has(id))
  const before = fair.length > 0 ? rival?.adapter : undefined
  const items = before === undefined ? lot.heldOut : fair
  onNote('measuring on the newest items, which were kept back')
  try {
    const measured = await measure({
      base,
      items,
      ...(before === undefined ? {} : { before }),
      after: loadAdapter(files, base, { manifest }),
      ...(options.device === undefined ? {} : { device: options.device }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    return { ...(measured === undefined ? {} : { measured }), verdict: judge(measured) }
  } catch (error) {
    // Its numbers are finite, but what they make of the base is not.
    if (isOppuError(error, 'CORRUPT_ADAPTER')) return { verdict: 'degenerate' }
    throw error
  }
}
