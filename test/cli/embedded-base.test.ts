/** The shipped base as a whole: small enough, well formed, and worth more than chance on the demo's own data. */
import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { describe, it } from 'node:test'
import type { Item } from '../../cli/recipes/items.ts'
import { meanLoss } from '../../cli/recipes/validation.ts'
import { parseModelConfig } from '../../node/model/config.ts'
import { readSafetensors } from '../../node/model/safetensors.ts'
import { checkWeights } from '../../node/model/weights.ts'
import { chatTemplate } from '../../node/text/chat-template.ts'
import { tokenizerFromFiles } from '../../node/text/tokenizer.ts'

const FOLDER = new URL('../../node/base/embedded/', import.meta.url)
const json = async (name: string) => JSON.parse(await readFile(new URL(name, FOLDER), 'utf8'))

describe('the embedded base', () => {
  it('has at most 6 MB in all', async () => {
    const sizes = await Promise.all(
      (await readdir(FOLDER)).map(async name => (await stat(new URL(name, FOLDER))).size),
    )
    const total = sizes.reduce((sum, size) => sum + size, 0)
    assert.ok(total <= 6_000_000, `${total} bytes`)
  })

  it('finds real answers far likelier than chance', async () => {
    const config = parseModelConfig(await json('config.json'))
    const tokenizerConfig = await json('tokenizer_config.json')
    const tokenizer = tokenizerFromFiles(await json('tokenizer.json'), tokenizerConfig)
    const { tensors } = readSafetensors(await readFile(new URL('model.safetensors', FOLDER)))
    checkWeights(config, tensors)
    assert.equal(tokenizer.vocabSize, config.vocabSize)

    const template = chatTemplate(tokenizerConfig.chat_template, {})
    const question = template.render([{ role: 'user', content: 'Hello.' }], { addGenerationPrompt: true })
    const special = [
      ...tokenizer.encode('<|user|>'),
      ...tokenizer.encode('<|end|>'),
      ...tokenizer.encode('<|assistant|>'),
    ]
    assert.equal(special.length, 3, 'special tokens are one token each')
    const ids = tokenizer.encode(question)
    assert.deepEqual([ids.at(0), ids.at(-2), ids.at(-1)], special)

    const file = new URL('../../cli/demo/authors/bob.jsonl', import.meta.url)
    const items: Item[] = (await readFile(file, 'utf8'))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    const examples = items.slice(-8).map(({ id, input, output }) => ({
      id,
      prompt: tokenizer.encode(
        template.render([{ role: 'user', content: input }], { addGenerationPrompt: true }),
      ),
      completion: tokenizer.encode(`${output}<|end|>`),
    }))
    const weights = new Map([...tensors].map(([name, { data }]) => [name, data]))
    const loss = await meanLoss(config, weights, examples)
    assert.ok(loss < Math.log(config.vocabSize) - 2, `mean loss ${loss}`)
  })
})
