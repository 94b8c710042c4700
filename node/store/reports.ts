/**
 * The scores this user has given away: a sealed copy of each report, under its task and adapter. It shows the user what a
 * coordinator knows, and keeps a task from being answered twice with one adapter, whatever the coordinator says.
 */
import { OppuError } from '../../protocol/errors.ts'
import type { AdapterId, TaskId } from '../../protocol/ids.ts'
import type { Report } from '../../protocol/task.ts'
import type { Database } from './db.ts'
import type { Vault } from './vault.ts'

export interface SentReport extends Report {
  /** Milliseconds since 1970. */
  readonly sentAt: number
}

export class Reports {
  readonly #db: Database
  readonly #vault: Vault

  private constructor(db: Database, vault: Vault) {
    this.#db = db
    this.#vault = vault
  }

  /** A view on both; nothing is closed with it. */
  static open(db: Database, vault: Vault): Reports {
    return new Reports(db, vault)
  }

  /** Keeps a report that was sent. */
  async put(report: SentReport): Promise<void> {
    const key = keyOf(report.taskId, report.adapterId)
    const value = Buffer.from(JSON.stringify(report), 'utf8')
    await this.#db.reports.put(key, this.#vault.seal(`reports/${key}`, value))
  }

  async get(taskId: TaskId, adapterId: AdapterId): Promise<SentReport | undefined> {
    const key = keyOf(taskId, adapterId)
    const sealed = await this.#db.reports.get(key)
    return sealed === undefined ? undefined : this.#unseal(key, sealed)
  }

  /** Oldest first. @throws OppuError INVALID_DATA for one that is damaged. */
  async list(): Promise<SentReport[]> {
    const reports: SentReport[] = []
    for await (const [key, sealed] of this.#db.reports.entries()) reports.push(this.#unseal(key, sealed))
    return reports.sort((a, b) => a.sentAt - b.sentAt)
  }

  /** @throws OppuError REFUSED when this adapter was reported on for this task before. */
  async demandNew(taskId: TaskId, adapterId: AdapterId): Promise<void> {
    const before = await this.get(taskId, adapterId)
    if (before === undefined) return
    const date = new Date(before.sentAt).toISOString().slice(0, 10)
    throw new OppuError('REFUSED', `this adapter was reported on for this task already, on ${date}`)
  }

  #unseal(key: string, sealed: Uint8Array): SentReport {
    return JSON.parse(
      Buffer.from(this.#vault.unseal(`reports/${key}`, sealed)).toString('utf8'),
    ) as SentReport
  }
}

function keyOf(taskId: TaskId, adapterId: AdapterId): string {
  return `${taskId}/${adapterId}`
}
