import { Problem, type Mistake } from '@/api/problem';

/** A problem whose mistakes say all that its detail says, told once. `word` puts a mistake into the words of the page. */
export function withoutRepeats(problem: Problem, word: (mistake: Mistake) => Mistake = (m) => m): Problem {
  if (problem.mistakes.length === 0) return problem;
  return new Problem(problem.status, problem.title, '', problem.mistakes.map(word), problem.retryAfter, problem.place);
}
