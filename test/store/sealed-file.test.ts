import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHUNK_BYTES, sealAdapter, unsealAdapter } from '../../node/store/sealed-file.ts'
import { adapterOf, bytesOf, vaultOf } from './fixtures.ts'

const PART = CHUNK_BYTES + 16

const sealed = (adapter: ReturnType<typeof adapterOf>, recipients: readonly string[]) =>
  Buffer.concat([...sealAdapter(adapter.files, adapter.manifest, recipients)])

test('each recipient opens it, others do not', async () => {
  await using alice = await vaultOf('a')
  await using bob = await vaultOf('b')
  await using eve = await vaultOf('e')
  const adapter = adapterOf('1', 200_000)
  const bytes = sealed(adapter, [alice.recipient, bob.recipient])
  for (const vault of [alice, bob]) {
    const { manifest, files } = await unsealAdapter(bytes, vault)
    assert.deepEqual(manifest, adapter.manifest)
    assert.deepEqual([...files.keys()], [...adapter.files.keys()])
    for (const [name, content] of adapter.files) assert.ok(Buffer.from(content).equals(files.get(name)!))
  }
  await assert.rejects(unsealAdapter(bytes, eve), { code: 'NOT_A_RECIPIENT' })
  assert.notDeepEqual(sealed(adapter, [alice.recipient]), sealed(adapter, [alice.recipient]))
})

test("sizes around the parts' borders, in pieces of any size", async () => {
  await using alice = await vaultOf('a')
  const overhead = CHUNK_BYTES - plainBytes(0)
  for (const size of [
    0,
    1,
    overhead - 1,
    overhead,
    overhead + 1,
    overhead + CHUNK_BYTES,
    3 * CHUNK_BYTES + 17,
  ]) {
    const adapter = adapterOf(`size ${size}`, size)
    const bytes = sealed(adapter, [alice.recipient])
    for (const step of [7919, PART, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) =>
        bytes.subarray(i * step, (i + 1) * step),
      )
      const { files } = await unsealAdapter(pieces, alice)
      assert.ok(
        Buffer.from(adapter.files.get('adapter_model.safetensors')!).equals(
          files.get('adapter_model.safetensors')!,
        ),
      )
    }
  }
  function plainBytes(weights: number): number {
    const bytes = sealed(adapterOf('size', weights), [alice.recipient])
    return bytes.length - HEADER - 16
  }
})

const HEADER = 8 + 2 + 32 + 48 + 8

test('a change in any region is found', async () => {
  await using alice = await vaultOf('a')
  const adapter = adapterOf('t', 2 * CHUNK_BYTES)
  const bytes = sealed(adapter, [alice.recipient])
  const places = new Set<number>()
  for (let i = 0; i < HEADER + 40; i++) places.add(i) // all of the header, the first box's tag and text
  for (let i = HEADER; i < bytes.length; i += 9973) places.add(i)
  for (const border of [HEADER + PART, HEADER + 2 * PART, bytes.length])
    for (let i = -2; i < 2; i++) places.add(border + i)
  for (const place of places) {
    if (place >= bytes.length) continue
    for (const bit of [1, 128]) {
      const changed = Buffer.from(bytes)
      changed[place]! ^= bit
      await assert.rejects(unsealAdapter(changed, alice), { code: 'CORRUPT_ADAPTER' }, `byte ${place}`)
    }
  }
})

test('a header forged with a fitting checksum opens nothing', async () => {
  const { createHash } = await import('node:crypto')
  await using alice = await vaultOf('a')
  await using bob = await vaultOf('b')
  const bytes = sealed(adapterOf('f', 1000), [alice.recipient, bob.recipient])
  const end = HEADER + 48
  const refit = (header: Buffer) =>
    Buffer.concat([header, createHash('sha256').update(header).digest().subarray(0, 8)])
  // Taking bob out leaves alice's wrapping whole; the payload key must notice.
  const withoutBob = Buffer.from(bytes.subarray(0, end - 8 - 48))
  withoutBob[9] = 1
  await assert.rejects(unsealAdapter(Buffer.concat([refit(withoutBob), bytes.subarray(end)]), alice), {
    code: 'CORRUPT_ADAPTER',
  })
  const lowOrder = Buffer.from(bytes.subarray(0, end - 8))
  lowOrder.fill(0, 10, 42)
  await assert.rejects(unsealAdapter(Buffer.concat([refit(lowOrder), bytes.subarray(end)]), alice), {
    code: 'NOT_A_RECIPIENT',
  })
})

test('cut off anywhere, put in another order, doubled or continued: corrupt', async () => {
  await using alice = await vaultOf('a')
  const bytes = sealed(adapterOf('c', 3 * CHUNK_BYTES), [alice.recipient])
  const borders = [0, 8, 10, 42, 90, HEADER, ...[1, 2, 3].map(n => HEADER + n * PART), bytes.length]
  for (const border of borders) {
    for (const cut of [border - 17, border - 16, border - 1, border, border + 1, border + 16, border + 17]) {
      if (cut < 0 || cut >= bytes.length) continue
      await assert.rejects(
        unsealAdapter(bytes.subarray(0, cut), alice),
        { code: 'CORRUPT_ADAPTER' },
        `cut at ${cut}`,
      )
    }
  }
  for (const parts of [1, 2, 3]) {
    // From a source of unknown length: the last-chunk flag notices, before the index is asked.
    const cut = [bytes.subarray(0, HEADER + parts * PART)]
    await assert.rejects(unsealAdapter(cut, alice), /cut off in part/)
  }
  const header = bytes.subarray(0, HEADER)
  const parts = [0, 1, 2, 3].map(n => bytes.subarray(HEADER + n * PART, HEADER + (n + 1) * PART))
  const [a, b, c, d] = parts as [Buffer, Buffer, Buffer, Buffer]
  for (const order of [
    [b, a, c, d],
    [a, c, b, d], // nothing but the counter tells this from the true order
    [a, c, d],
    [a, a, b, c, d],
    [a, b, c, d, d],
    [a, b, d],
    [d],
    [a, b, c, d, bytesOf('x', 1)],
    [a, b, c, d, a],
  ]) {
    await assert.rejects(unsealAdapter(Buffer.concat([header, ...order]), alice), { code: 'CORRUPT_ADAPTER' })
  }
  const other = sealed(adapterOf('c', 3 * CHUNK_BYTES), [alice.recipient])
  await assert.rejects(unsealAdapter(Buffer.concat([header, other.subarray(HEADER)]), alice), {
    code: 'CORRUPT_ADAPTER',
  })
  for (const junk of [Buffer.alloc(0), Buffer.from('PK\x03\x04'), bytesOf('junk', 5000)]) {
    await assert.rejects(unsealAdapter(junk, alice), { code: 'CORRUPT_ADAPTER' })
  }
})

test('nothing of the adapter can be read without a key', async () => {
  await using alice = await vaultOf('a')
  const adapter = adapterOf('secret seed', 1000)
  const bytes = sealed(adapter, [alice.recipient])
  const shown = [adapter.manifest.baseId, 'adapter_config', 'lora', 'q_proj', 'secret seed', alice.recipient]
  for (const text of shown) assert.equal(bytes.includes(text), false, text)
  const binary = [
    Buffer.from(adapter.manifest.baseId, 'hex'),
    alice.publicKey,
    adapter.files.get('adapter_model.safetensors')!.subarray(0, 16),
  ]
  for (const part of binary) assert.equal(bytes.includes(Buffer.from(part)), false)
})

test('misuse and limits', async () => {
  await using alice = await vaultOf('a')
  const adapter = adapterOf('m', 10)
  assert.throws(() => sealed(adapter, []), { code: 'INVALID_ARGUMENT' })
  assert.throws(() => sealed(adapter, ['oppu1nobody']), { code: 'INVALID_ARGUMENT' })
  for (const files of [new Map(), new Map([['../escape', bytesOf('x', 1)]])]) {
    assert.throws(() => sealed({ ...adapter, files }, [alice.recipient]), { code: 'INVALID_DATA' })
  }
  const bytes = sealed(adapterOf('m', 5000), [alice.recipient])
  await assert.rejects(unsealAdapter([bytes], alice, { sourceBytes: 4000 }), { code: 'CORRUPT_ADAPTER' })
  // A source is closed, whether it was read to its end or not.
  for (const content of [bytes, Buffer.concat([Buffer.from('x'), bytes])]) {
    let closed = false
    async function* source() {
      try {
        for (let at = 0; at < content.length; at += 1000) yield content.subarray(at, at + 1000)
      } finally {
        closed = true
      }
    }
    await unsealAdapter(source(), alice).catch(() => undefined)
    assert.equal(closed, true)
  }
  await assert.rejects(unsealAdapter(bytes, alice, { signal: AbortSignal.abort(new Error('stop')) }), /stop/)
  alice.close()
  await assert.rejects(unsealAdapter(bytes, alice), { code: 'CLOSED' })
})
