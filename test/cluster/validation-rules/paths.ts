/** Fields that several sections are about. */
export const gradual = 'spec.updateStrategy.gradualDecreaseConfig';
export const limits = 'spec.updateStrategy.limitConfig';
