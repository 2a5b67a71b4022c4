#include "server/routes.h"
namespace latecomer::server {
namespace {
Result<Response> Later() {
  return Fail(ErrorKind::kUnsupported, "not supported yet");
}
}  // namespace
Result<Response> ClearRun(Call&) {
  return Later();
}
Result<Response> MarkRun(Call&) {
  return Later();
}
Result<Response> CancelRun(Call&) {
  return Later();
}
Result<Response> RetryStep(Call&) {
  return Later();
}
Result<Response> NoteRun(Call&) {
  return Later();
}
Result<Response> Trigger(Call&) {
  return Later();
}
Result<Response> PausePipeline(Call&) {
  return Later();
}
Result<Response> ResumePipeline(Call&) {
  return Later();
}
Result<Response> ReleasePartition(Call&) {
  return Later();
}
Result<Response> HoldPartition(Call&) {
  return Later();
}
Result<Response> UndoAction(Call&) {
  return Later();
}
}  // namespace latecomer::server
