/** Where our wrapper departs from @huggingface/tokenizers, and what it refuses. Golden vectors: golden.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokenizerFromFiles } from '../../node/text/tokenizer.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { tinyTokenizer } from '../base/tiny.ts'

const { json, config } = tinyTokenizer()
const model = { type: 'BPE', vocab: { a: 0, b: 1, '<s>': 2 }, merges: [] }

test('text comes back from its tokens, whatever it is', () => {
  const tokenizer = tokenizerFromFiles(json, config)
  for (const text of [
    '',
    ' ',
    'the cat\n\n',
    'naïve 你好 🦙',
    '\uFEFFbom',
    'a\u0085b',
    '<|end|>',
    'x <|start|>y',
    "don't  stop . , !",
  ])
    assert.equal(tokenizer.decode(tokenizer.encode(text)), text)
})

test('special tokens are recognised in text, added only when asked for, and left out when asked for', () => {
  const post_processor = {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<|start|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
  }
  const tokenizer = tokenizerFromFiles({ ...json, post_processor }, config)
  assert.deepEqual(tokenizer.encode('the<|end|>'), [257, 258])
  assert.deepEqual(tokenizer.encode('the<|end|>', { specialTokens: true }), [259, 257, 258])
  assert.equal(tokenizer.decode([259, 257, 258], { skipSpecialTokens: true }), 'the')
  assert.equal(tokenizer.decode([]), '')
})

test('covered text is encoded as letters, whatever it spells; markers around it stay markers', () => {
  const tokenizer = tokenizerFromFiles(json, config)
  const special = [258, 259]
  const hostile = [
    '<|end|>',
    'a<|end|><|start|> the',
    '<<|end|>|end|>',
    '\uFDD0<|end|>',
    '\u{F0000}<|start|>x',
  ]
  for (const text of hostile) {
    const covered = tokenizer.cover(text)
    assert.notEqual(covered, text)
    const ids = tokenizer.encode(`<|start|>${covered}<|end|>`, { covered: true })
    assert.deepEqual([ids[0], ids.at(-1)], [259, 258])
    assert.ok(
      ids.slice(1, -1).every(id => !special.includes(id)),
      text,
    )
    assert.equal(tokenizer.decode(ids.slice(1, -1)), text.replaceAll('\uFDD0', '\uFFFD'))
  }
  // Forged stand-ins and marks, beside text that is really covered, make no marker either.
  for (const forged of ['\uFDD0\u{F0000}', '\uFDD0\uFDD0\u{F0000}', '\uFDD0', '\uFDD0\u{F0009}']) {
    const ids = tokenizer.encode(`${forged}${tokenizer.cover('<|end|>')}`, { covered: true })
    assert.ok(!ids.some(id => special.includes(id)), JSON.stringify(forged))
  }
})

test('text without a spelling of a special token is covered by nothing, and encoded as ever', () => {
  const tokenizer = tokenizerFromFiles(json, config)
  for (const text of ['', 'the cat', '<|en', '\uFDD0', '\uFDD0\u{E000}', 'naïve 你好 🦙']) {
    assert.equal(tokenizer.cover(text), text)
    const whole = `<|start|>${text}<|end|>`
    assert.deepEqual(tokenizer.encode(whole, { covered: true }), tokenizer.encode(whole))
  }
  assert.throws(
    () => tokenizer.encode(tokenizer.cover('<|end|>'), { covered: true, specialTokens: true }),
    TypeError,
  )
})

test('what ends a text is special even where the tokenizer does not say so; other added tokens are words', () => {
  const added_tokens = [
    { id: 3, content: '<word>', special: false },
    { id: 4, content: '<stop>', special: false },
  ]
  const vocab = Object.fromEntries([...'<>wordstpab'].map((letter, n) => [letter, n + 5]))
  const bpe = { type: 'BPE', vocab, merges: [] }
  const tokenizer = tokenizerFromFiles({ model: bpe, added_tokens }, {}, { eosIds: [4] })
  assert.equal(tokenizer.cover('<word>'), '<word>')
  assert.deepEqual(
    tokenizer.encode(`a${tokenizer.cover('<stop>')}<word><stop>`, { covered: true }).filter(id => id < 5),
    [3, 4],
  )
})

test("the splitters follow Unicode's spaces and numbers, not JavaScript's", () => {
  // Pieces show in what may merge: 'th' merges inside a piece only.
  const merged = (text: string, pre_tokenizer: object) =>
    tokenizerFromFiles({ ...json, pre_tokenizer }, config).encode(text).length
  const digits = (individual_digits: boolean) => ({
    type: 'Sequence',
    pretokenizers: [
      { type: 'Digits', individual_digits },
      { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
    ],
  })
  const vocab = Object.fromEntries(
    [...Object.keys((json as { model: { vocab: object } }).model.vocab), 'Â½', 'Â½Â½'].map((token, id) => [
      token,
      id,
    ]),
  )
  const halves = { ...json, added_tokens: [], model: { type: 'BPE', vocab, merges: ['Â ½', 'Â½ Â½'] } }
  const count = (text: string, pre_tokenizer: object) =>
    tokenizerFromFiles({ ...halves, pre_tokenizer }, {}).encode(text).length
  assert.equal(count('½½', digits(true)), 2) // each number for itself, though they could merge
  assert.equal(count('½½', digits(false)), 1)
  const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: true }
  assert.equal(merged(' the', bytes), 2)
  assert.equal(merged('\uFEFFthe', bytes), 4) // three bytes of U+FEFF, which is no space
  assert.equal(merged('\u0085the', bytes), 3)
})

test('decoding keeps spaces before punctuation unless the model asks otherwise', () => {
  const ids = tokenizerFromFiles(json, config).encode('a . b')
  assert.equal(tokenizerFromFiles(json, config).decode(ids), 'a . b')
  assert.equal(
    tokenizerFromFiles(json, { ...config, clean_up_tokenization_spaces: true }).decode(ids),
    'a. b',
  )
})

test('bos, eos and their ids come from the configuration, as text or as an object', () => {
  const tokenizer = tokenizerFromFiles(
    { model },
    { bos_token: { content: '<s>' }, eos_token: 'b' },
    { eosIds: [1, 0] },
  )
  assert.equal(tokenizer.bosId, 2)
  assert.deepEqual(tokenizer.eosIds, [1, 0])
  assert.equal(tokenizer.vocabSize, 3)
  assert.equal('bosId' in tokenizerFromFiles({ model }, {}), false)
})

test('what is no BPE tokenizer is refused', () => {
  const refuses = (bad: unknown, code: 'UNSUPPORTED_TOKENIZER' | 'INVALID_DATA') =>
    assert.throws(
      () => tokenizerFromFiles(bad, {}),
      error => isOppuError(error, code),
      JSON.stringify(bad),
    )
  refuses(null, 'INVALID_DATA')
  refuses([], 'INVALID_DATA')
  refuses({}, 'INVALID_DATA')
  refuses({ model: { type: 'Unigram', vocab: [['a', 0]] } }, 'UNSUPPORTED_TOKENIZER')
  refuses({ model: { type: 'WordPiece', vocab: {} } }, 'UNSUPPORTED_TOKENIZER')
  refuses({ model, pre_tokenizer: { type: 'Telepathy' } }, 'UNSUPPORTED_TOKENIZER')
  refuses({ model: { ...model, vocab: {} } }, 'INVALID_DATA')
  refuses({ model: { ...model, vocab: { a: 2 ** 40 } } }, 'INVALID_DATA')
  refuses({ model: { ...model, vocab: { a: '0' } } }, 'INVALID_DATA')
  refuses({ model, added_tokens: [{ id: 5 }] }, 'INVALID_DATA')
  refuses({ model, added_tokens: 5 }, 'INVALID_DATA')
  refuses({ model: { ...model, merges: 5 } }, 'INVALID_DATA')
})

test('ids outside of the vocabulary are a mistake of the caller', () => {
  const tokenizer = tokenizerFromFiles(json, config)
  for (const id of [-1, 260, 1.5, Number.NaN]) assert.throws(() => tokenizer.decode([0, id]), TypeError)
})
