/**
 * An evaluation task (what a coordinator asks) and a report (all that it ever gets to know). A report holds counts
 * and aggregate scores, rounded to 0.0001 by the way they are written; a report on fewer items than its task's
 * minimum cannot be written at all, here and not in a caller, so that no caller can forget it.
 *
 * A report goes out at most once per user, task and adapter; `adapterId` is in it so that this can be held.
 */
import {
  decodeMessage,
  demandCanonical,
  demandId,
  demandInteger,
  demandText,
  demandTime,
  demandVersion,
  invalid,
  sha256,
} from './canonical.ts'
import { OppuError } from './errors.ts'
import { type AdapterId, type BaseId, idFromBytes, idToBytes, type TaskId } from './ids.ts'
import { REPORT_LIMITS, TASK_LIMITS } from './limits.ts'
import { oppu } from './messages.pb.js'

/** Measures beside log-likelihood that a task can ask for. */
export const METRICS = ['rouge-1', 'rouge-l', 'accuracy'] as const
export type TaskMetric = (typeof METRICS)[number]

/** The newest share of a history that training leaves alone and evaluation scores on, unless told otherwise. */
export const DEFAULT_HOLD_OUT = 0.2

export interface EvaluationTask {
  readonly version: 1
  readonly title: string
  readonly baseId: BaseId
  readonly metric: TaskMetric
  /** Fraction of the user's items, the newest, that are held out: above 0, below 1, a multiple of 0.0001. */
  readonly holdOut: number
  /** Fewest held-out items that may be reported on. */
  readonly minimumItems: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly expiresAt: number
}

/** Means over the held-out items, rounded to 0.0001. */
export interface Scores {
  readonly base: number
  readonly own: number
  /** Another user's adapter, as a control; absent where none was at hand. */
  readonly other?: number
}

export interface Report {
  readonly version: 1
  readonly taskId: TaskId
  readonly baseId: BaseId
  readonly adapterId: AdapterId
  /** Held-out items scored. */
  readonly items: number
  /** Mean log-likelihood per token of the gold answer. */
  readonly logLikelihood: Scores
  /** The task's metric. */
  readonly metric: Scores
}

/** Canonical bytes. @throws OppuError INVALID_DATA naming the rule that is broken. */
export function encodeTask(task: EvaluationTask): Uint8Array {
  demandVersion(task.version, 1, 'a task')
  if (!METRICS.includes(task.metric)) invalid('a task has an unknown metric')
  const holdOut = tenThousandths(task.holdOut, 1, "a task's hold-out")
  demandInteger(holdOut, 1, 9999, "a task's hold-out in ten-thousandths")
  const createdAt = demandTime(task.createdAt, "a task's date")
  return oppu.Task.encode({
    version: 1,
    title: demandText(task.title, TASK_LIMITS.title, "a task's title"),
    baseId: idToBytes(task.baseId),
    metric: task.metric,
    holdOut,
    minimumItems: demandInteger(
      task.minimumItems,
      TASK_LIMITS.minimumItems,
      REPORT_LIMITS.items,
      "a task's minimum of items",
    ),
    createdAt,
    expiresAt: demandInteger(
      task.expiresAt,
      createdAt + 1,
      createdAt + TASK_LIMITS.lifetimeMs,
      "a task's end",
    ),
  }).finish()
}

/** @throws OppuError INVALID_DATA, TOO_LARGE; PROTOCOL_VIOLATION for an unknown version. */
export function decodeTask(bytes: Uint8Array): EvaluationTask {
  const message = decodeMessage(oppu.Task, bytes, TASK_LIMITS.bytes, 'a task')
  demandVersion(message.version, 1, 'a task')
  const task: EvaluationTask = {
    version: 1,
    title: message.title,
    baseId: demandId<BaseId>(message.baseId, "a task's base id"),
    metric: message.metric as TaskMetric, // encodeTask below refuses any other
    holdOut: message.holdOut / 10_000,
    minimumItems: message.minimumItems,
    createdAt: demandTime(message.createdAt, "a task's date"),
    expiresAt: demandTime(message.expiresAt, "a task's end"),
  }
  demandCanonical(bytes, encodeTask(task), 'a task')
  return task
}

/** SHA-256 of the canonical bytes. */
export function taskId(task: EvaluationTask): TaskId {
  return idFromBytes<TaskId>(sha256(encodeTask(task)))
}

/**
 * Canonical bytes of a report for `task`; scores are rounded to 0.0001 here.
 * @throws OppuError REFUSED below the task's minimum of items; INVALID_DATA when it answers another task or base.
 */
export function encodeReport(report: Report, task: EvaluationTask): Uint8Array {
  checkAgainst(report, task)
  return encodeUnchecked(report)
}

/** @throws OppuError INVALID_DATA, TOO_LARGE; PROTOCOL_VIOLATION for an unknown version. Check it with `checkAgainst`. */
export function decodeReport(bytes: Uint8Array): Report {
  const message = decodeMessage(oppu.Report, bytes, REPORT_LIMITS.bytes, 'a report')
  demandVersion(message.version, 1, 'a report')
  const report: Report = {
    version: 1,
    taskId: demandId<TaskId>(message.taskId, "a report's task id"),
    baseId: demandId<BaseId>(message.baseId, "a report's base id"),
    adapterId: demandId<AdapterId>(message.adapterId, "a report's adapter id"),
    items: message.items,
    logLikelihood: readScores(message.logLikelihood),
    metric: readScores(message.metric),
  }
  demandCanonical(bytes, encodeUnchecked(report), 'a report')
  return report
}

/** What must hold between a report and its task. @throws OppuError REFUSED, INVALID_DATA. */
export function checkAgainst(report: Report, task: EvaluationTask): void {
  if (report.taskId !== taskId(task)) invalid('a report answers another task')
  if (report.baseId !== task.baseId) invalid('a report is about another base than its task')
  if (report.items < task.minimumItems) {
    throw new OppuError(
      'REFUSED',
      `a report on ${report.items} items; the task's minimum is ${task.minimumItems}`,
    )
  }
  if ((report.logLikelihood.other === undefined) !== (report.metric.other === undefined))
    invalid('a report has half of a control')
}

function encodeUnchecked(report: Report): Uint8Array {
  demandVersion(report.version, 1, 'a report')
  return oppu.Report.encode({
    version: 1,
    taskId: idToBytes(report.taskId),
    baseId: idToBytes(report.baseId),
    adapterId: idToBytes(report.adapterId),
    items: demandInteger(report.items, TASK_LIMITS.minimumItems, REPORT_LIMITS.items, "a report's items"),
    logLikelihood: writeScores(report.logLikelihood),
    metric: writeScores(report.metric),
  }).finish()
}

function writeScores({ base, own, other }: Scores): oppu.Scores.$Properties {
  const limit = REPORT_LIMITS.score
  return {
    base: tenThousandths(base, limit, 'a score'),
    own: tenThousandths(own, limit, 'a score'),
    ...(other === undefined ? {} : { other: tenThousandths(other, limit, 'a score') }),
  }
}

function readScores(message: oppu.Scores.$Properties | null | undefined): Scores {
  if (message == null) return invalid('a report lacks its scores')
  const { base, own, other } = message
  return {
    base: (base ?? 0) / 10_000,
    own: (own ?? 0) / 10_000,
    ...(other == null ? {} : { other: other / 10_000 }),
  }
}

function tenThousandths(value: number, limit: number, what: string): number {
  if (!Number.isFinite(value) || Math.abs(value) > limit)
    invalid(`${what} must be a number of size ${limit} at most, not ${value}`)
  return Math.round(value * 10_000) + 0 // no negative zero
}
