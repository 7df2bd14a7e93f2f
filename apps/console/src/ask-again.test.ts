import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { askAgain } from './ask-again.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a page asks at once and again, when hidden no more than once, and after its end never', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const page = { hidden: true };
    let asked = 0;
    const end = askAgain(
      async () => {
        asked++;
      },
      1_000,
      page,
    );
    const pass = async (): Promise<number> => {
      mock.timers.tick(1_000);
      await settled();
      return asked;
    };
    await settled();
    assert.equal(asked, 1, 'also a page that is opened behind others shows something when it is looked at');
    assert.deepEqual([await pass(), await pass()], [1, 1]);
    page.hidden = false;
    assert.deepEqual([await pass(), await pass()], [2, 3]);
    page.hidden = true;
    assert.equal(await pass(), 3);
    page.hidden = false;
    end();
    assert.equal(await pass(), 3);
  } finally {
    mock.timers.reset();
  }
});
