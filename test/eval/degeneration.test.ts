/** Signs of a model gone wrong, on texts made by hand: a token is a word here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Answer,
  countAnswers,
  degenerateSigns,
  isLooping,
  longestLoop,
  repetitionRate,
} from '../../node/eval/degeneration.ts'
import { judge } from '../../node/eval/measure.ts'

const words = (text: string): string[] => text.split(' ')
const PROSE =
  'the seed of a plant is an embryo enclosed in a coat and the seed of doubt is a question enclosed in an answer'

test('the rate of repetition is the share of n-grams seen before', () => {
  assert.equal(repetitionRate(words('a b c d e f g')), 0)
  assert.equal(repetitionRate(words('a b c d a b c d'), 4), 0.2)
  assert.equal(repetitionRate(words('a b a b a b'), 2), 0.6)
  assert.equal(repetitionRate([]), 0)
  assert.equal(repetitionRate([1, 2, 3]), 0)
  // Tokens are told apart, not their letters: [1, 23] is not [12, 3].
  assert.equal(repetitionRate([1, 23, 12, 3, 5], 2), 0)
})

test('a loop is the same again three times at least, whatever its length, and the rest does not count', () => {
  assert.equal(longestLoop(words('yes yes yes yes')), 4)
  assert.equal(longestLoop(words('yes yes no')), 0)
  assert.equal(longestLoop(words('so I said that that that was it')), 3)
  assert.equal(longestLoop(words('x a b a b a b y')), 6)
  assert.equal(longestLoop(words('a b c a b c')), 0, 'twice is a refrain')
  assert.equal(longestLoop(words('a b c a b c a b')), 0)
  assert.equal(longestLoop(words('a b c a b c a b c a')), 10)
  assert.equal(longestLoop([]), 0)
})

test('looping: half of it or more, exact or nearly; prose, short answers and lists are not', () => {
  assert.ok(isLooping(words('well then I am I am I am I am I am')))
  assert.ok(!isLooping(words('no no no')))
  assert.ok(!isLooping(words(PROSE)))
  assert.ok(!isLooping(words('1 , 2 , 3 , 4 , 5 , 6 , 7 , 8 , 9 , 10 , 11 , 12')))
  assert.ok(!isLooping(words(`${PROSE} very very very very very very very very`)), 'a small part of it')
  const nearly = Array.from(
    { length: 12 },
    (_, i) => `we thank you very much for this ${i % 2 ? 'x' : 'y'} ${i === 5}`,
  )
  assert.ok(isLooping(words(nearly.join(' '))))
})

const ids = (text: string): number[] =>
  words(text).map(word => [...word].reduce((sum, c) => 31 * sum + c.charCodeAt(0), 7))
const answer = (text: string, more: Partial<Answer> = {}): Answer => ({
  tokens: ids(text),
  text,
  ended: true,
  limit: 96,
  gold: ids('a short answer'),
  ...more,
})

test('each sign is counted, and an answer with two of them is one bad answer', () => {
  const loop = Array.from({ length: 30 }, () => 'again').join(' ')
  assert.deepEqual(countAnswers([answer('all is well'), answer('a short answer')]), {
    ...{ answers: 2, looping: 0, empty: 0, endless: 0, tooLong: 0, bad: 0 },
  })
  assert.deepEqual(countAnswers([answer(loop, { ended: false, limit: 30 })]), {
    ...{ answers: 1, looping: 1, empty: 0, endless: 1, tooLong: 1, bad: 1 },
  })
  assert.equal(countAnswers([answer(loop, { gold: ids(loop) })]).bad, 0, 'as the person writes')
  const empty = { tokens: [], text: ' \n' }
  assert.deepEqual(
    [countAnswers([answer('', empty)]).empty, countAnswers([answer('', { ...empty, gold: [] })]).empty],
    [1, 0],
  )
  assert.equal(countAnswers([answer(PROSE)]).tooLong, 1)
  assert.equal(countAnswers([answer(PROSE, { gold: ids(PROSE) })]).tooLong, 0)
  const cut = { ended: false, limit: ids(PROSE).length }
  assert.equal(countAnswers([answer(PROSE, cut)]).endless, 1)
  assert.equal(
    countAnswers([answer(PROSE, { ...cut, gold: ids(PROSE) })]).endless,
    0,
    'cut off too early to tell',
  )
})

test('what the base does too is no degeneration, and the rule for a new adapter is what it says', () => {
  const counts = { answers: 4, looping: 0, empty: 0, endless: 0, tooLong: 0, bad: 0 }
  const bad = { ...counts, looping: 4, endless: 2, bad: 4 }
  assert.deepEqual(degenerateSigns(bad, counts), ['looping'])
  assert.deepEqual(degenerateSigns(bad, { ...counts, looping: 3, bad: 3 }), [])
  assert.deepEqual(degenerateSigns(bad, { ...counts, endless: 4, bad: 4 }), ['looping'])
  assert.deepEqual(degenerateSigns({ ...counts, empty: 2, bad: 2 }, counts), [])
  const endless = { ...counts, endless: 4, tooLong: 4, bad: 4 }
  assert.deepEqual(
    degenerateSigns({ ...counts, tooLong: 4, bad: 4 }, endless),
    [],
    'an end, though late, is an end',
  )
  assert.deepEqual(degenerateSigns(endless, { ...counts, tooLong: 4, bad: 4 }), ['endless'])
  const figures = { items: 8, tokens: 80, base: -3, after: -2.5, better: 6, worse: 2, signP: 0.3 }
  assert.equal(judge(undefined), 'unmeasured')
  assert.equal(judge(figures), 'used')
  assert.equal(judge({ ...figures, after: -3.0001 }), 'below-base')
  assert.equal(judge({ ...figures, before: -2.4999 }), 'below-parent')
  assert.equal(judge({ ...figures, before: -2.5, answers: counts }), 'used')
  assert.equal(judge({ ...figures, before: -2.7, answers: bad, baseAnswers: counts }), 'degenerate')
})
