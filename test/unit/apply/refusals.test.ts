import { expect } from 'chai';
import { evictionRefusal, resizeRefusal } from 'optipod/lib/apply';

describe('what kube-apiserver refuses', () => {
  const resize = (code: number, message: string) => resizeRefusal(code, { message })?.reason;
  const evict = (code: number, message: string) => evictionRefusal(code, { message })?.reason;
  const right = (verb: string, what: string) =>
    `pods "web-1" is forbidden: User "system:serviceaccount:optipod-system:optipod" cannot ${verb} resource "${what}" in API group "" in the namespace "shop"`;

  it('B-APP-6 a 403 is a node that is too small, a missing right, or a quota, by what it says', () => {
    const small = `pods "web-1" is forbidden: node didn't have enough allocatable resources: cpu, requested: 100000, allocatable: 2000`;
    expect(resize(403, small)).to.equal('Infeasible');
    expect(resize(403, right('patch', 'pods/resize'))).to.equal('Forbidden');
    expect(resize(403, 'pods "web-1" is forbidden: exceeded quota: compute, requested: requests.cpu=1')).to.equal(
      'Refused',
    );
  });

  it('B-APP-6 what cannot be done in place is told from what is invalid', () => {
    const of = (what: string) => `Pod "web-1" is invalid: spec.containers[0].resources: Forbidden: ${what}`;
    expect(resize(422, of('memory limits cannot be decreased unless resizePolicy is RestartContainer'))).to.equal(
      'InPlaceResizeUnavailable',
    );
    expect(
      resize(
        422,
        'Pod "web-1" is invalid: spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing',
      ),
    ).to.equal('InPlaceResizeUnavailable');
    expect(resize(422, of('must be less than or equal to cpu limit of 1'))).to.equal('Invalid');
  });

  it('B-APP-8 a conflict, or a server in trouble, is no refusal: it is tried again', () => {
    for (const code of [404, 409, 429, 500, 503]) expect(resize(code, 'whatever')).to.equal(undefined);
    for (const code of [404, 409, 500, 503]) expect(evict(code, 'whatever')).to.equal(undefined);
  });

  it('B-APP-7 a budget that allows nothing is named, and several on one pod are told', () => {
    const causes = [
      { reason: 'DisruptionBudget', message: 'The disruption budget web needs 1 healthy pods and has 1 currently' },
    ];
    const message = "Cannot evict pod as it would violate the pod's disruption budget.";
    expect(evictionRefusal(429, { message, details: { causes } })).to.deep.equal({
      reason: 'BlockedByPDB',
      message: `${message} The disruption budget web needs 1 healthy pods and has 1 currently`,
    });
    const several = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    expect(evict(500, several)).to.equal('BlockedByPDB');
    expect(evict(403, right('create', 'pods/eviction'))).to.equal('Forbidden');
  });
});
