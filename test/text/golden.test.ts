/** Golden tokenizer vectors of llama.cpp, through our GGUF reader and through Hugging Face folders. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readGguf } from '../../node/base/gguf.ts'
import { tokenizerFromGguf } from '../../node/base/gguf-tokenizer.ts'
import { type Tokenizer, tokenizerFromFiles } from '../../node/text/tokenizer.ts'

const shared = fileURLToPath(new URL('../../../shared/tokenizers/', import.meta.url))
const skip = existsSync(shared) ? false : `no ${shared}`
const golden = `${shared}golden-llamacpp/`

/** Cases of one vocabulary: the text, and the ids of each (without added special tokens). */
function cases(name: string): { text: string; ids: number[] }[] {
  const texts = readFileSync(`${golden}ggml-vocab-${name}.gguf.inp`, 'utf8').split('\n__ggml_vocab_test__\n')
  const lines = readFileSync(`${golden}ggml-vocab-${name}.gguf.out`, 'utf8').split('\n')
  return texts.map((text, i) => ({ text, ids: lines[i]!.trim().split(/\s+/).filter(Boolean).map(Number) }))
}

function check(tokenizer: Tokenizer, name: string): void {
  const all = cases(name)
  assert.ok(all.length > 40)
  for (const { text, ids } of all) {
    assert.deepEqual(tokenizer.encode(text), ids, JSON.stringify(text))
    assert.equal(tokenizer.decode(ids), text)
  }
}

function folder(name: string): Tokenizer {
  const read = (file: string): unknown => JSON.parse(readFileSync(`${shared}${name}/${file}`, 'utf8'))
  return tokenizerFromFiles(read('tokenizer.json'), read('tokenizer_config.json'))
}

test('every vocabulary GGUF that is there passes its golden vectors', { skip }, async () => {
  const names = readdirSync(golden)
    .filter(name => name.endsWith('.gguf'))
    .map(name => name.slice(11, -5))
  assert.ok(names.includes('gpt-2') && names.includes('llama-spm'))
  for (const name of names) {
    const { metadata } = await readGguf(`${golden}ggml-vocab-${name}.gguf`)
    const { json, config, eosIds } = tokenizerFromGguf(metadata)
    check(tokenizerFromFiles(json, config, { eosIds }), name)
  }
})

test('the GPT-2 folder passes the same vectors', { skip }, () => check(folder('gpt2'), 'gpt-2'))

test('the SmolLM2 folder decodes what it encodes, and splits every digit', { skip }, () => {
  const tokenizer = folder('smollm2')
  for (const { text } of cases('gpt-2')) assert.equal(tokenizer.decode(tokenizer.encode(text)), text)
  assert.equal(tokenizer.encode('12345').length, 5)
})
