import assert from 'node:assert/strict'
import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AuditLog, readAudit } from '../../node/store/audit.ts'

test('messages are summed up by category and peer, and kept over runs', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-audit-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'audit.jsonl')
  assert.deepEqual(await readAudit(path), [])
  const log = AuditLog.open(path)
  log.record({ category: 'chunk', peer: 'a', bytes: 10 }, 1000)
  log.record({ category: 'chunk', peer: 'a', bytes: 5 }, 2000)
  log.record({ category: 'report', peer: 'a', bytes: 7 }, 3000)
  await log.close()
  await log.close()
  const first = [
    { from: 1000, to: 2000, category: 'chunk', peer: 'a', messages: 2, bytes: 15 },
    { from: 3000, to: 3000, category: 'report', peer: 'a', messages: 1, bytes: 7 },
  ]
  assert.deepEqual(await readAudit(path), first)
  await using again = AuditLog.open(path)
  again.record({ category: 'chunk', peer: 'b', bytes: 1 }, 4000)
  await again.close()
  await appendFile(path, '\n{"from": 5000, "cate\u0000ory": "chunk"}\n{"from": 5000, "cut by a cra')
  again.record({ category: 'chunk', peer: 'c', bytes: 1 }, 6000)
  await again.close()
  assert.deepEqual(
    (await readAudit(path)).map(({ peer }) => peer),
    ['a', 'a', 'b', 'c'],
  )
})

test('what could not be written is written with the next line', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-audit-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'later', 'audit.jsonl')
  const log = AuditLog.open(path)
  log.record({ category: 'report', peer: 'a', bytes: 1 }, 1000)
  await assert.rejects(log.close(), { code: 'ENOENT' })
  await mkdir(join(folder, 'later'))
  log.record({ category: 'report', peer: 'b', bytes: 1 }, 2000)
  await log.close()
  assert.deepEqual(
    (await readAudit(path)).map(({ peer }) => peer),
    ['a', 'b'],
  )
})
