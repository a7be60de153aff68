use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Projection};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// Calls of asynchronous functions whose arguments call such functions, as
/// `predict_features(audio_features(path), 'genres.ubj')`, in two projections: the engine does not evaluate them in one, into
/// which it puts subqueries.
#[derive(Debug)]
pub(crate) struct NestedCalls;

impl OptimizerRule for NestedCalls {
    fn name(&self) -> &str {
        "nested_asynchronous_calls"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        divided(plan)
    }
}

/// A projection without nested calls above another one.
fn divided(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Projection(projection) = plan else {
        return Ok(Transformed::no(plan));
    };
    let (mut inner, mut outer) = (Vec::new(), Vec::new());
    for expr in &projection.expr {
        let name = NamePreserver::new_for_projection().save(expr);
        let expr = expr.clone();
        let expr = expr.transform_down(|call| without_nested(call, &mut inner))?;
        outer.push(name.restore(expr.data));
    }
    if inner.is_empty() {
        return Ok(Transformed::no(LogicalPlan::Projection(projection)));
    }
    let columns = projection.input.schema().columns();
    let inner = (inner.into_iter().enumerate()).map(|(i, call)| call.alias(name(i)));
    let columns = columns.into_iter().map(Expr::Column).chain(inner);
    let below = LogicalPlanBuilder::from(projection.input).project(columns)?;
    // Calls may be nested more than once.
    let below = divided(below.build()?)?.data;
    let above = Projection::try_new_with_schema(outer, Arc::new(below), projection.schema)?;
    Ok(Transformed::yes(LogicalPlan::Projection(above)))
}

/// The column of an inner call.
fn name(place: usize) -> String {
    format!("__inner_call_{place}")
}

fn is_async(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(call) if call.func.as_async().is_some())
}

/// An expression; if it is an asynchronous call, with columns for such calls in its arguments, which are put into `inner`.
fn without_nested(expr: Expr, inner: &mut Vec<Expr>) -> Result<Transformed<Expr>> {
    if !is_async(&expr) {
        return Ok(Transformed::no(expr));
    }
    let arguments = expr.map_children(|argument| {
        argument.transform_down(|expr| {
            if !is_async(&expr) {
                return Ok(Transformed::no(expr));
            }
            let place = inner.iter().position(|call| *call == expr);
            let place = place.unwrap_or(inner.len());
            if place == inner.len() {
                inner.push(expr);
            }
            let column = Expr::Column(Column::from_name(name(place)));
            Ok(Transformed::new(column, true, TreeNodeRecursion::Jump))
        })
    })?;
    Ok(Transformed::new(
        arguments.data,
        arguments.transformed,
        TreeNodeRecursion::Jump,
    ))
}
