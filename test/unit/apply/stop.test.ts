import { expect } from 'chai';
import { courseInWords, courseOf } from 'optipod/lib/apply';
import { policyOf } from '../lib/policies.js';

const ALL = { inPlaceResize: true, recreate: true };
const words = (updateStrategy: object, mode = 'Auto') =>
  courseInWords(courseOf(policyOf({ mode, updateStrategy }).spec, ALL));

describe('what a policy would do', () => {
  it('B-APP-1 is told in words, for each course', () => {
    expect(words({}, 'Recommend')).to.equal('only tell what is recommended');
    expect(words({ allowInPlaceResize: false })).to.equal('give new pods what is recommended');
    expect(words({})).to.equal('give new pods what is recommended and resize running pods in place');
    expect(words({ allowRecreate: true })).to.equal(
      'give new pods what is recommended, resize running pods in place and evict those that cannot be resized',
    );
    expect(words({ rolloutStrategy: 'immediate', allowInPlaceResize: false })).to.equal(
      'give new pods what is recommended and restart the workload',
    );
    expect(words({ strategy: 'ssa' })).to.equal('change the template by server-side apply, which replaces all pods');
    expect(words({ strategy: 'ssa', useServerSideApply: false })).to.equal(
      'change the template by a patch, which replaces all pods',
    );
  });
});
