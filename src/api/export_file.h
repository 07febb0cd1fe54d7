/* export_file: the file of an export as an answer: from the folder that all nodes share, or from
 * the store of attachments, part by part, so that neither memory nor the disk of the node that
 * gives it out holds more than two parts of it. Not here: who may have one (care/data_export.h),
 * where its parts lie (care/export_parts.h). */
#pragma once
#include "api/route.h"

/* Of a route's row. The entry in the audit log is there before the first byte is; what comes from a
 * store is begun before the transaction. */
err export_file_prepare(struct call *call);
err export_file(struct call *call);
