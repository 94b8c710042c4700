import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseRecipient, Vault } from '../../node/store/vault.ts'
import { createVaultFile, openVaultFile, replaceVaultFile } from '../../node/store/vault-file.ts'
import { DEFAULT_COST, type VaultRecord } from '../../node/store/vault-record.ts'
import { signBytes, userIdFromSeed, verifyBytes } from '../../protocol/manifest.ts'
import { bytesOf, CHEAP, scratch, vaultOf } from './fixtures.ts'

const copy = (record: VaultRecord) =>
  JSON.parse(JSON.stringify(record)) as Record<string, unknown> & { kdf: Record<string, unknown> }

/** What someone who can write the file would do: change it, and make the checksum fit again. */
function forge(record: VaultRecord, change: (fields: ReturnType<typeof copy>) => void): unknown {
  const forged = copy(record)
  change(forged)
  const { userId, recipient, kdf, wrapped } = forged
  forged.check = createHash('sha256')
    .update(
      JSON.stringify([
        1,
        userId,
        recipient,
        kdf.name,
        kdf.memoryKiB,
        kdf.passes,
        kdf.parallelism,
        kdf.salt,
        wrapped,
      ]),
    )
    .digest('hex')
  return forged
}

test('a vault opens with its passphrase and gives the same keys', async () => {
  await using vault = await vaultOf('correct horse')
  await using again = await Vault.unlock(copy(vault.record), 'correct horse')
  assert.equal(again.userId, vault.userId)
  assert.equal(again.recipient, vault.recipient)
  assert.deepEqual(again.signingSeed(), vault.signingSeed())
  assert.deepEqual(again.peerSeed(), vault.peerSeed())
  assert.deepEqual(again.key('x'), vault.key('x'))
  assert.deepEqual(again.unseal('a', vault.seal('a', bytesOf('plain', 100))), bytesOf('plain', 100))
})

test('every key is different, and every vault', async () => {
  await using vault = await vaultOf('p')
  await using other = await vaultOf('p')
  const keys = [vault, other].flatMap(v => [
    v.signingSeed(),
    v.peerSeed(),
    v.key('a'),
    v.key('b'),
    v.publicKey,
  ])
  assert.equal(new Set(keys.map(key => Buffer.from(key).toString('hex'))).size, keys.length)
})

test('the user id is the key that signs', async () => {
  await using vault = await vaultOf('p')
  assert.equal(userIdFromSeed(vault.signingSeed()), vault.userId)
  const signed = signBytes('report', bytesOf('r', 10), vault.signingSeed())
  assert.deepEqual(verifyBytes('report', signed, vault.userId), bytesOf('r', 10))
})

test("the default cost is RFC 9106's second recommendation, and the same letters typed otherwise are the same passphrase", async () => {
  assert.deepEqual(DEFAULT_COST, { memoryKiB: 65_536, passes: 3, parallelism: 4 })
  await using vault = await Vault.create('caf\u00e9')
  assert.deepEqual({ ...vault.record.kdf, salt: '' }, { name: 'argon2id', ...DEFAULT_COST, salt: '' })
  await using again = await Vault.unlock(vault.record, 'cafe\u0301')
  assert.equal(again.userId, vault.userId)
})

test('a wrong passphrase is told from a damaged record', async () => {
  await using vault = await vaultOf('right')
  await assert.rejects(Vault.unlock(vault.record, 'wrong'), { code: 'WRONG_PASSPHRASE' })
  await assert.rejects(Vault.unlock(vault.record, ''), { code: 'WRONG_PASSPHRASE' })
  const damaged: unknown[] = [undefined, null, 7, 'x', [], {}, { ...copy(vault.record), extra: 1 }]
  for (const field of ['userId', 'recipient', 'wrapped', 'check'] as const) {
    const record = copy(vault.record)
    const text = String(record[field])
    record[field] = `${text.slice(0, 10)}${text[10] === 'a' ? 'b' : 'a'}${text.slice(11)}`
    damaged.push(record, { ...copy(vault.record), [field]: 3 }, { ...copy(vault.record), [field]: undefined })
  }
  for (const change of [
    { memoryKiB: 65 },
    { passes: 2 },
    { parallelism: 2 },
    { salt: 'AAAA' },
    { name: 'scrypt' },
  ]) {
    damaged.push({ ...copy(vault.record), kdf: { ...vault.record.kdf, ...change } })
  }
  damaged.push({ ...copy(vault.record), version: 2 })
  for (const record of damaged) {
    await assert.rejects(Vault.unlock(record, 'right'), { code: 'CORRUPT_VAULT' }, JSON.stringify(record))
  }
})

test('a hostile record gets no memory or time, and no false ids', async () => {
  await using vault = await vaultOf('right')
  const started = performance.now()
  const absurd = [
    { memoryKiB: 2 ** 31 },
    { passes: 2 ** 31 },
    { memoryKiB: 2 ** 20, passes: 64 },
    { parallelism: 2 ** 24 },
    { memoryKiB: 0 },
    { passes: 0 },
    { passes: 1.5 },
    { memoryKiB: Number.MAX_SAFE_INTEGER },
  ]
  for (const change of absurd) {
    const forged = forge(vault.record, fields => Object.assign(fields.kdf, change))
    await assert.rejects(Vault.unlock(forged, 'right'), { code: 'CORRUPT_VAULT' })
  }
  assert.ok(performance.now() - started < 1000)
  await using other = await vaultOf('other')
  const ids = forge(vault.record, fields => Object.assign(fields, { userId: other.userId }))
  await assert.rejects(Vault.unlock(ids, 'right'), { code: 'CORRUPT_VAULT' })
  const recipient = forge(vault.record, fields => Object.assign(fields, { recipient: other.recipient }))
  await assert.rejects(Vault.unlock(recipient, 'right'), { code: 'CORRUPT_VAULT' })
})

test('rewrapping changes the passphrase and no key', async () => {
  await using vault = await vaultOf('old')
  const old = vault.record
  const record = await vault.rewrap('new', CHEAP)
  assert.equal(vault.record, record)
  await using again = await Vault.unlock(record, 'new')
  assert.deepEqual(again.key('x'), vault.key('x'))
  await assert.rejects(Vault.unlock(record, 'old'), { code: 'WRONG_PASSPHRASE' })
  assert.notEqual(record.kdf.salt, old.kdf.salt)
  await assert.rejects(vault.rewrap(''), { code: 'INVALID_ARGUMENT' })
})

test('a sealed value opens only whole, under its label, in its vault', async () => {
  await using vault = await vaultOf('p')
  await using other = await vaultOf('p')
  const sealed = vault.seal('history/1', bytesOf('s', 50))
  assert.notDeepEqual(vault.seal('history/1', bytesOf('s', 50)), sealed)
  assert.deepEqual(vault.unseal('history/1', vault.seal('history/1', new Uint8Array(0))), new Uint8Array(0))
  assert.throws(() => vault.unseal('history/2', sealed), { code: 'INVALID_DATA' })
  assert.throws(() => other.unseal('history/1', sealed), { code: 'INVALID_DATA' })
  for (let i = 0; i < sealed.length; i++) {
    const changed = Uint8Array.from(sealed)
    changed[i]! ^= 1
    assert.throws(() => vault.unseal('history/1', changed), { code: 'INVALID_DATA' }, `byte ${i}`)
    assert.throws(
      () => vault.unseal('history/1', sealed.subarray(0, i)),
      { code: 'INVALID_DATA' },
      `cut at ${i}`,
    )
  }
})

test('a closed vault gives nothing', async () => {
  const vault = await vaultOf('p')
  const sealed = vault.seal('a', bytesOf('s', 5))
  vault.close()
  vault.close()
  const uses = [
    () => vault.key('a'),
    () => vault.signingSeed(),
    () => vault.peerSeed(),
    () => vault.seal('a', sealed),
    () => vault.unseal('a', sealed),
    () => vault.agree(bytesOf('k', 32)),
  ]
  for (const use of uses) assert.throws(use, { code: 'CLOSED' })
  await assert.rejects(vault.rewrap('q', CHEAP), { code: 'CLOSED' })
})

test('a mistyped recipient is refused', async () => {
  await using vault = await vaultOf('p')
  assert.deepEqual(parseRecipient(` ${vault.recipient.toUpperCase()}\n`), vault.publicKey)
  for (let i = 0; i < vault.recipient.length; i++) {
    const typo =
      vault.recipient.slice(0, i) + (vault.recipient[i] === '0' ? '1' : '0') + vault.recipient.slice(i + 1)
    assert.throws(() => parseRecipient(typo), { code: 'INVALID_ARGUMENT' }, typo)
  }
  for (const text of ['', 'oppu1', vault.userId, `${vault.recipient}0`])
    assert.throws(() => parseRecipient(text), { code: 'INVALID_ARGUMENT' })
})

test('vault.json: made once, private, replaced whole, and a damaged one is said to be', async t => {
  const path = join(await scratch(t), 'home', 'vault.json')
  await assert.rejects(openVaultFile(path, 'p'), { code: 'NOT_INITIALIZED' })
  await using vault = await createVaultFile(path, 'p', CHEAP)
  if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600)
  await assert.rejects(createVaultFile(path, 'q', CHEAP), { code: 'ALREADY_INITIALIZED' })
  await using again = await openVaultFile(path, 'p')
  assert.equal(again.userId, vault.userId)
  await replaceVaultFile(path, await again.rewrap('r', CHEAP))
  await using third = await openVaultFile(path, 'r')
  assert.equal(third.userId, vault.userId)
  const whole = await readFile(path)
  for (let length = 0; length < whole.length - 2; length += 7) {
    await writeFile(path, whole.subarray(0, length))
    await assert.rejects(openVaultFile(path, 'r'), { code: 'CORRUPT_VAULT' }, `cut at ${length}`)
  }
  for (const junk of [Buffer.from([0xff, 0xfe, 0]), Buffer.alloc(1 << 20, ' '), Buffer.from('[]')]) {
    await writeFile(path, junk)
    await assert.rejects(openVaultFile(path, 'r'), { code: 'CORRUPT_VAULT' })
  }
})
