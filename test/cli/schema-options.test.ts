import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from '@commander-js/extra-typings'
import { addSchemasOptions, schemaValues } from '../../cli/schema-options.ts'
import { adapterMethods } from '../../node/peft/index.ts'
import { choiceField, numberField, type Schema } from '../../protocol/schema.ts'

const rank = numberField({ default: 8, description: 'rank of the update' })
const low: Schema = { rank, init: choiceField({ default: 'a', choices: ['a'], description: 'one start' }) }
const deep: Schema = {
  rank,
  init: choiceField({ default: 'b', choices: ['b'], description: 'another start' }),
}

test('an option that several tables have is there once, and says whose it is where they differ', () => {
  const command = new Command()
  addSchemasOptions(command, { low, deep })
  assert.deepEqual(
    command.options.map(({ flags }) => flags),
    ['--rank <value>', '--init <value>'],
  )
  const [first, second] = command.options.map(({ description }) => description)
  assert.match(first!, /^low, deep: rank of the update \(.*default: 8\)$/)
  assert.match(second!, /^low: one start \(.*default: a\); deep: another start \(.*default: b\)$/)
})

test('the options of all methods fit one command, and each comes back under its own name', () => {
  const command = new Command()
  const schemas = Object.fromEntries(
    Object.entries(adapterMethods).map(([name, { schema }]) => [name, schema as Schema]),
  )
  addSchemasOptions(command, schemas)
  command.parse(['--virtual-tokens', '4', '--init-text', 'a b', '--targets', 'q_proj'], { from: 'user' })
  const all = Object.assign({}, ...Object.values(schemas)) as Schema
  assert.deepEqual(schemaValues(all, command.opts()), {
    virtualTokens: '4',
    initText: 'a b',
    targets: 'q_proj',
  })
})
