package photo

const lookSize = 400
