/**
 * The evaluation tasks a coordinator hands out, and the reports it gets back: it keeps a report only when it
 * answers a task that is open, for that task's base, on enough items, and is the user's first for that adapter.
 * Who a user is it knows by a key only.
 */
import { OppuError } from '../protocol/errors.ts'
import { parseId, type TaskId, type UserId } from '../protocol/ids.ts'
import { COORDINATOR_LIMITS as LIMITS, REPORT_LIMITS, TASK_LIMITS } from '../protocol/limits.ts'
import { decodeSigned, encodeSigned, type Signed, verifyBytes } from '../protocol/manifest.ts'
import {
  checkAgainst,
  decodeReport,
  decodeTask,
  type EvaluationTask,
  encodeTask,
  type Report,
  taskId,
} from '../protocol/task.ts'
import type { Keys } from './keys.ts'
import type { State } from './state.ts'

export interface ReceivedReport {
  /** The key that signed it: a pseudonym. */
  readonly user: UserId
  readonly report: Report
}

interface Open {
  readonly task: EvaluationTask
  signed: Signed
  reports: number
}

export class Tasks {
  readonly #state: State
  readonly #keys: Keys
  readonly #now: () => number
  readonly #tasks = new Map<TaskId, Open>()
  /** Reports are taken one after the other, so that looking and writing cannot be divided. */
  #turn: Promise<void> = Promise.resolve()

  private constructor(state: State, keys: Keys, now: () => number) {
    this.#state = state
    this.#keys = keys
    this.#now = now
  }

  static async open(state: State, keys: Keys, now: () => number): Promise<Tasks> {
    const tasks = new Tasks(state, keys, now)
    await tasks.reload()
    return tasks
  }

  /** Reads again what is kept, after it was signed anew. */
  async reload(): Promise<void> {
    for (const key of await this.#state.keys('tasks')) {
      const value = await this.#state.get('tasks', key)
      if (value === undefined) continue
      const signed = decodeSigned(value, TASK_LIMITS.bytes)
      const id = parseId<TaskId>(key, 'task id')
      const known = this.#tasks.get(id)
      if (known !== undefined) known.signed = signed
      else {
        const reports = (await this.#state.keys('reports', `${key}/`)).length
        this.#tasks.set(id, { task: decodeTask(signed.bytes), signed, reports })
      }
    }
  }

  /** Signs and keeps a task. Again is as good as once. @throws OppuError TOO_LARGE when there are too many. */
  async publish(task: EvaluationTask): Promise<TaskId> {
    const id = taskId(task)
    if (this.#tasks.has(id)) return id
    if (this.handOut().length >= LIMITS.tasks)
      throw new OppuError('TOO_LARGE', `a coordinator has at most ${LIMITS.tasks} open tasks`)
    const signed = this.#keys.sign('task', encodeTask(task))
    await this.#state.put([{ table: 'tasks', key: id, value: encodeSigned(signed) }])
    this.#tasks.set(id, { task, signed, reports: 0 })
    return id
  }

  /** The tasks that have not expired. */
  handOut(): Signed[] {
    const now = this.#now()
    return [...this.#tasks.values()].filter(({ task }) => task.expiresAt > now).map(({ signed }) => signed)
  }

  /**
   * Keeps a report. The very same one again is fine (its sender may not have heard the first answer).
   * @throws OppuError BAD_SIGNATURE, INVALID_DATA, NOT_FOUND (no such open task), REFUSED (too few items; another
   * report on this adapter is there; the task is full).
   */
  async take(signed: Signed): Promise<void> {
    const report = decodeReport(verifyBytes('report', signed))
    const open = this.#tasks.get(report.taskId)
    if (open === undefined || open.task.expiresAt <= this.#now())
      throw new OppuError('NOT_FOUND', 'a report on a task that is not open')
    checkAgainst(report, open.task)
    const key = `${report.taskId}/${signed.signer}/${report.adapterId}`
    const value = encodeSigned(signed)
    const taken = this.#turn.then(async () => {
      const before = await this.#state.get('reports', key)
      if (before !== undefined) {
        if (Buffer.compare(before, value) === 0) return
        throw new OppuError('REFUSED', 'this adapter was reported on before')
      }
      if (open.reports >= LIMITS.reportsPerTask)
        throw new OppuError('REFUSED', 'the task has all the reports it can take')
      await this.#state.put([{ table: 'reports', key, value }])
      open.reports++
    })
    this.#turn = taken.catch(() => {})
    return taken
  }

  /** How many reports were received. */
  get received(): number {
    let received = 0
    for (const { reports } of this.#tasks.values()) received += reports
    return received
  }

  /** Everything received, for one task where given; sorted by task, user and adapter. */
  async reports(task?: TaskId): Promise<ReceivedReport[]> {
    const reports: ReceivedReport[] = []
    for (const key of await this.#state.keys('reports', task === undefined ? '' : `${task}/`)) {
      const value = await this.#state.get('reports', key)
      if (value === undefined) continue
      const signed = decodeSigned(value, REPORT_LIMITS.bytes)
      reports.push({ user: signed.signer, report: decodeReport(signed.bytes) })
    }
    return reports
  }
}
