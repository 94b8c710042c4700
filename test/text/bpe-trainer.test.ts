/** The vocabulary that bpe-trainer.ts learns, read back by the tokenizer library that everything else uses. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Tokenizer } from '@huggingface/tokenizers'
import { bpeTokenizerJson, byteAlphabet, trainBpe } from '../../node/text/bpe-trainer.ts'

const SPECIAL = ['<|endoftext|>', '<|user|>', '<|end|>']
const TEXT = 'low low low low low lower lower newest newest newest newest newest newest widest widest widest'

function tokenizerFor(texts: readonly string[], vocabSize: number): Tokenizer {
  const vocabulary = trainBpe(texts, { vocabSize, specialTokens: SPECIAL })
  // Through JSON, as a file would go.
  const json: object = JSON.parse(JSON.stringify(bpeTokenizerJson(vocabulary)))
  return new Tokenizer(json, { tokenizer_class: 'PreTrainedTokenizerFast', eos_token: '<|endoftext|>' })
}

describe('byte-level BPE training', () => {
  it('merges the most frequent pair first, and among equals the older one', () => {
    const { merges, vocab } = trainBpe([TEXT], { vocabSize: 3 + 256 + 4, specialTokens: SPECIAL })
    // Counted by hand: es 9, st 9 (e is an older byte than s), then est 9, then "Ġl" 6, lo 7, ow 7.
    assert.deepEqual(merges, [
      ['e', 's'],
      ['es', 't'],
      ['l', 'o'],
      ['lo', 'w'],
    ])
    assert.deepEqual([...vocab].slice(0, 3), [
      ['<|endoftext|>', 0],
      ['<|user|>', 1],
      ['<|end|>', 2],
    ])
    assert.equal(vocab.get('low'), 3 + 256 + 3)
  })

  it('stops where no pair occurs often enough', () => {
    const { merges } = trainBpe(['ab ab'], { vocabSize: 1000, specialTokens: [] })
    assert.deepEqual(merges, [['a', 'b']])
  })

  it('merges runs of one letter without counting overlaps twice', () => {
    const { merges } = trainBpe(['aaaa'], { vocabSize: 258, specialTokens: [], minimumFrequency: 1 })
    assert.deepEqual(merges, [
      ['a', 'a'],
      ['aa', 'aa'],
    ])
  })

  it('is the same from run to run', () => {
    const train = () => trainBpe([TEXT, TEXT.toUpperCase()], { vocabSize: 280, specialTokens: SPECIAL })
    assert.deepEqual(train(), train())
  })

  it('writes a tokenizer that gives every text back', () => {
    const tokenizer = tokenizerFor([TEXT], 270)
    for (const text of [
      TEXT,
      ' ',
      "naïve café — 北京 🙂\n\n\tdon't  stop  ",
      String.fromCodePoint(...Array.from({ length: 0x250 }, (_, i) => i + 1)),
    ]) {
      const { ids } = tokenizer.encode(text)
      assert.equal(tokenizer.decode(ids, { clean_up_tokenization_spaces: false }), text)
    }
  })

  it('writes special tokens that stay whole and can be left out on decoding', () => {
    const tokenizer = tokenizerFor([TEXT], 270)
    const { ids } = tokenizer.encode('<|user|>low<|end|>')
    assert.equal(ids[0], 1)
    assert.equal(ids.at(-1), 2)
    assert.equal(tokenizer.decode(ids, { skip_special_tokens: true }), 'low')
  })

  it('covers every byte once', () => {
    assert.equal(new Set(byteAlphabet()).size, 256)
  })

  it('refuses a vocabulary without room for the bytes, and special tokens that repeat', () => {
    assert.throws(() => trainBpe([], { vocabSize: 200, specialTokens: [] }), TypeError)
    assert.throws(() => trainBpe([], { vocabSize: 300, specialTokens: ['<x>', '<x>'] }), TypeError)
  })
})
