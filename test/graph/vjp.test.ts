/** Every rule in `vjpRules` against central differences; a rule without a case in `op-cases.ts` fails the last test. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { OpType } from '../../node/graph/op.ts'
import { vjpRules } from '../../node/graph/vjp.ts'
import { checkGradients } from './central-differences.ts'
import type { GradientCase } from './gradient-case.ts'
import { OP_CASES } from './op-cases.ts'

describe('gradient rules agree with central differences', () => {
  for (const [name, cases] of Object.entries(OP_CASES) as [OpType, readonly GradientCase[]][]) {
    test(name, async () => {
      for (const spec of cases) {
        const ops = await checkGradients(spec)
        assert.ok(ops.has(name), `${spec.name} does not use ${name}`)
      }
    })
  }

  test('every op with a rule has a case', () => {
    const withRule = (Object.keys(vjpRules) as OpType[]).filter(name => vjpRules[name] !== null)
    assert.deepEqual(
      withRule.filter(name => OP_CASES[name] === undefined),
      [],
    )
    assert.deepEqual(
      Object.keys(OP_CASES).filter(name => vjpRules[name as OpType] === null),
      [],
    )
  })
})
