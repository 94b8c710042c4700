import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Database } from '../../node/store/db.ts'
import { Reports, type SentReport } from '../../node/store/reports.ts'
import { Vault } from '../../node/store/vault.ts'
import type { AdapterId, BaseId, TaskId } from '../../protocol/ids.ts'

const [task, adapter, base] = ['1', '2', '3'].map(digit => digit.repeat(64)) as unknown as [
  TaskId,
  AdapterId,
  BaseId,
]

test('a report is kept sealed, listed, and no second one goes out for the same task and adapter', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-reports-'))
  const db = await Database.open(join(folder, 'db'))
  const vault = await Vault.create('x', { memoryKiB: 64, passes: 1, parallelism: 1 })
  t.after(async () => {
    await db.close()
    vault.close()
    await rm(folder, { recursive: true })
  })
  const reports = Reports.open(db, vault)
  const scores = { base: -3, own: -2.5 }
  const report: SentReport = {
    ...{ version: 1, taskId: task, adapterId: adapter, baseId: base, items: 9 },
    ...{ logLikelihood: scores, metric: scores, sentAt: Date.UTC(2026, 0, 2) },
  }
  await reports.demandNew(task, adapter)
  await reports.put(report)
  assert.deepEqual(await reports.list(), [report])
  assert.deepEqual(await reports.get(task, adapter), report)
  await assert.rejects(reports.demandNew(task, adapter), { code: 'REFUSED', message: /2026-01-02/ })
  await reports.demandNew(task, '4'.repeat(64) as AdapterId)
  for await (const [, sealed] of db.reports.entries()) {
    assert.ok(!Buffer.from(sealed).includes('logLikelihood'))
  }
})
