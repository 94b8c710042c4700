/** The specification, the limits in code and the generated messages say the same. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as limits from '../../protocol/limits.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const readme = await readFile(join(root, 'protocol/README.md'), 'utf8')
const UNITS: Readonly<Record<string, number>> = { s: 1000, KiB: limits.KIB, MiB: limits.MIB }

test('every limit stands in the specification with the value it has in code, and none is missing', () => {
  const stated = new Map<string, number>()
  for (const [, value, unit, name] of readme.matchAll(
    /^\| [^|]+ \| (\d+) ?(\w*)[^|]* \| `(\w+(?:\.\w+)?)` *\|$/gm,
  )) {
    stated.set(name!, Number(value) * (UNITS[unit!] ?? 1))
  }
  const { PROTOCOLS: _, KIB: _kib, MIB: _mib, ...tables } = limits
  const inCode = new Map<string, number>()
  for (const [table, entries] of Object.entries(tables)) {
    for (const [key, value] of Object.entries(entries)) inCode.set(`${table}.${key}`, value)
  }
  assert.deepEqual(Object.fromEntries([...stated].sort()), Object.fromEntries([...inCode].sort()))
})

test('the specification names both protocol ids', () => {
  for (const id of Object.values(limits.PROTOCOLS)) assert.ok(readme.includes(`### \`${id}\``), id)
})

test('the checked-in messages are what the .proto files generate', async t => {
  const command =
    readme
      .match(/^pbjs .*$/m)?.[0]
      .split(' ')
      .slice(1) ?? []
  const folder = await mkdtemp(join(tmpdir(), 'oppu-pbjs-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const output = join(folder, 'messages.pb.js')
  const rest = command.map(word => (word === 'protocol/messages.pb.js' ? output : word))
  assert.ok(rest.includes(output), 'the specification gives the command')
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/protobufjs-cli/bin/pbjs'), ...rest], {
    cwd: root,
  })
  for (const name of ['messages.pb.js', 'messages.pb.d.ts']) {
    assert.equal(
      await readFile(join(folder, name), 'utf8'),
      await readFile(join(root, 'protocol', name), 'utf8'),
      name,
    )
  }
})
